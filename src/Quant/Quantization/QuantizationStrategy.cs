namespace MambaQuant.Quant.Quantization;

/// <summary>Which values share a scale.</summary>
public enum QuantizationStrategy
{
    /// <summary>All of a tensor.</summary>
    Tensor,

    /// <summary>One output channel (row) of a weight; one channel of the recurrent state.</summary>
    Channel,

    /// <summary>A run of <see cref="QuantizationArgs.GroupSize"/> inputs within a row of a weight.</summary>
    Group,

    /// <summary>One token of an activation; always dynamic.</summary>
    Token,
}
