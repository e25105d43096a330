namespace MambaQuant.Quant.Kernels;

/// <summary>How products of codes are computed; both give the same numbers.</summary>
public enum QuantizedArithmetic
{
    /// <summary>int8 × int8 summed exactly in int32, scaled in fp64, rounded once to fp32. What ships.</summary>
    Integer,

    /// <summary>Codes are dequantized to fp64, multiplied and summed in fp64, rounded once to fp32. The reference.</summary>
    Simulated,
}
