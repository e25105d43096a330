using MambaQuant.Quant.Checkpoints;

namespace MambaQuant.Pipeline.Telemetry;

/// <summary>Measures what quantization cost, by kind of module.</summary>
internal static class ErrorMeter
{
    /// <summary>Records the weights of a layer, or of embeddings and head. A module that lost nothing has no finite ratio, and is left out.</summary>
    /// <param name="report">What was done to it.</param>
    public static void Record(LayerReport report)
    {
        foreach (ModuleReport module in report.Modules)
        {
            if (module is { SqnrAfter: { } decibels, Weights: { } weights } && double.IsFinite(decibels))
            {
                PipelineInstruments.QuantizationSqnr.Record(
                    decibels,
                    PipelineInstruments.Tag(TelemetryNames.ModuleType, module.Module),
                    PipelineInstruments.Tag(TelemetryNames.WeightBits, weights.Bits));
            }
        }
    }
}
