using MambaQuant.Quant.Quantization;

namespace MambaQuant.Quant.Checkpoints;

/// <summary>The names that compressed-tensors gives to ways of storing weights.</summary>
internal static class QuantizedFormats
{
    /// <summary>The format of weights: packed below 8 bits, plain bytes at 8, dense where they stay float.</summary>
    public static string Of(QuantizationArgs? weights) => weights switch
    {
        null => "dense",
        { Bits: <= WeightStorage.MaxPackedBits } => "pack-quantized",
        _ => "int-quantized",
    };
}
