namespace MambaQuant.Quant.Quantization;

/// <summary>How one kind of module is quantized.</summary>
/// <param name="Weights">Its weights; null leaves them fp32.</param>
/// <param name="Input">Its input activation; null leaves it fp32 (and the product float).</param>
public sealed record ModuleScheme(QuantizationArgs? Weights, QuantizationArgs? Input);
