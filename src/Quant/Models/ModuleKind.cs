namespace MambaQuant.Quant.Models;

/// <summary>What a quantizable module computes.</summary>
public enum ModuleKind
{
    /// <summary>y = x Wᵀ + b.</summary>
    Linear,

    /// <summary>A depthwise convolution over time.</summary>
    Convolution,

    /// <summary>A table of rows.</summary>
    Embedding,
}
