namespace MambaQuant.Quant.Checkpoints;

/// <summary>What a model folder holds.</summary>
public enum ModelFormat
{
    /// <summary>A float checkpoint in Hugging Face layout.</summary>
    Float,

    /// <summary>A quantized checkpoint of this program.</summary>
    Quantized,
}
