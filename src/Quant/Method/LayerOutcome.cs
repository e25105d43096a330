using System.Collections.Immutable;
using MambaQuant.Quant.Models;
using MambaQuant.Quant.Quantization;
using MambaQuant.Quant.Smoothing;
using MambaQuant.Quant.Statistics;

namespace MambaQuant.Quant.Method;

/// <summary>One layer, quantized, and what a report can say of it.</summary>
/// <param name="Quantized">What is written.</param>
/// <param name="Report">What was lost.</param>
/// <param name="Original">The float weights as they were read.</param>
/// <param name="Smoothing">What was chosen at each smoothing site.</param>
/// <param name="OriginalStatistics">What the first pass observed, or null.</param>
public sealed record LayerOutcome(
    QuantizedLayer Quantized,
    LayerQuantizationReport Report,
    LayerWeights Original,
    ImmutableArray<SmoothingChoice> Smoothing,
    LayerStatistics? OriginalStatistics);
