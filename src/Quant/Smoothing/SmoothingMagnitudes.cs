using MambaQuant.Quant.Kernels;
using MambaQuant.Quant.Models;
using MambaQuant.Quant.Statistics;
using MambaQuant.Quant.Tensors;

namespace MambaQuant.Quant.Smoothing;

/// <summary>The two magnitudes that a smoothing site balances: per channel, of the activation and of what it meets.</summary>
public static class SmoothingMagnitudes
{
    /// <summary>Largest magnitude of every channel of a site's activation.</summary>
    /// <param name="definition">The site.</param>
    /// <param name="statistics">Has the range of the activation, or the state.</param>
    /// <returns>[width].</returns>
    /// <exception cref="KeyNotFoundException">The activation was not observed.</exception>
    public static float[] OfActivation(SmoothingSiteDefinition definition, LayerStatistics statistics)
    {
        ArgumentNullException.ThrowIfNull(definition);
        ArgumentNullException.ThrowIfNull(statistics);
        return Of(definition.Activation, definition.Width, statistics);
    }

    /// <summary>Largest magnitude that every channel meets: of the consumer's weights, or of the partner's activation.</summary>
    /// <param name="kernels">The backend of the weights.</param>
    /// <param name="definition">The site.</param>
    /// <param name="weights">The layer's weights.</param>
    /// <param name="statistics">Has the range of the partner, where there is one.</param>
    /// <returns>[width].</returns>
    public static float[] OfConsumer(IKernels kernels, SmoothingSiteDefinition definition, LayerWeights weights, LayerStatistics statistics)
    {
        ArgumentNullException.ThrowIfNull(kernels);
        ArgumentNullException.ThrowIfNull(definition);
        ArgumentNullException.ThrowIfNull(weights);
        if (definition.Partner is { } partner)
        {
            return Of(partner, definition.Width, statistics);
        }

        FoldStep consumer = definition.Consumer;
        using Tensor wide = kernels.ToDouble(weights[consumer.Tensor]);
        using Tensor oriented = consumer.Axis == FoldAxis.Columns ? kernels.Rows(wide, 0, wide.Shape[0]) : kernels.Transpose(wide);
        using Tensor maxima = kernels.ColumnAbsoluteMaximum(oriented);
        var values = new double[maxima.Shape.ElementCount];
        kernels.Download(maxima, values.AsSpan());
        return [.. values.Skip(consumer.First).Take(consumer.Count).Select(value => (float)value)];
    }

    private static float[] Of(ActivationSite site, int width, LayerStatistics statistics)
    {
        if (site == ActivationSite.ScanState)
        {
            StateStatistics state = statistics.State
                ?? throw new KeyNotFoundException($"layer {statistics.Layer}: the state of the scan was not observed");
            return [.. Enumerable.Range(0, width).Select(state.StateAbsoluteMaximum)];
        }

        ChannelRange range = statistics[site].Range
            ?? throw new KeyNotFoundException($"layer {statistics.Layer}: the range of '{site}' was not observed");
        return [.. Enumerable.Range(0, width).Select(range.AbsoluteMaximum)];
    }
}
