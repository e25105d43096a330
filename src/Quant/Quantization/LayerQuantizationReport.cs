using System.Collections.Immutable;

namespace MambaQuant.Quant.Quantization;

/// <summary>What quantization did to one layer, or to embeddings and head.</summary>
/// <param name="Modules">Quantized weights, in the order of the data flow.</param>
/// <param name="Sites">Quantized activations, in the order of the data flow; h and C of the scan last.</param>
public sealed record LayerQuantizationReport(
    ImmutableArray<WeightQuantizationReport> Modules, ImmutableArray<ActivationQuantizationReport> Sites);
