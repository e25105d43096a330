namespace MambaQuant.Quant.Inference;

/// <summary>What kind of arithmetic a loaded model runs on.</summary>
public enum ComputeKind
{
    /// <summary>fp32 weights and activations.</summary>
    Float,

    /// <summary>Weights are codes, activations fp32.</summary>
    WeightOnly,

    /// <summary>Products of codes, summed as integers.</summary>
    Integer,

    /// <summary>The same products in fp64, the reference of the integer kernels.</summary>
    Simulated,
}
