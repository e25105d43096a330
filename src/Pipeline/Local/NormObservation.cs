using MambaQuant.Quant.Models;
using MambaQuant.Quant.Statistics;
using MambaQuant.Quant.Tensors;

namespace MambaQuant.Pipeline.Local;

/// <summary>Observes a norm's input and output without running what lies behind it: the final norm, or that of a layer.</summary>
internal static class NormObservation
{
    /// <summary>Observes.</summary>
    /// <param name="run">The run.</param>
    /// <param name="plan">What to observe; sites other than the two are passed over.</param>
    /// <param name="layer">Index of the layer; the number of layers for the final norm.</param>
    /// <param name="hidden">The residual stream before the norm.</param>
    /// <param name="output">The site of the norm's output.</param>
    /// <param name="weight">Weight of the norm, [d] F32.</param>
    /// <returns>Statistics under the layer's index.</returns>
    public static LayerStatistics Observe(
        Run run, ObservationPlan plan, int layer, HiddenStates hidden, ActivationSite output, Tensor weight)
    {
        using var observer = new LayerObserver(run.Kernels, plan, layer, run.Config);
        for (int batch = 0; batch < hidden.Batches.Count; batch++)
        {
            run.Cancellation.ThrowIfCancellationRequested();
            observer.Shard = batch;
            Observe(run, observer, ActivationSite.ResidualStream, hidden.Batches[batch], weight: null);
            Observe(run, observer, output, hidden.Batches[batch], weight);
        }

        return observer.ToStatistics();
    }

    private static void Observe(Run run, LayerObserver observer, ActivationSite site, Tensor hidden, Tensor? weight)
    {
        if (!observer.Wants(site))
        {
            return;
        }

        using Tensor normed = run.Kernels.RmsNorm(hidden, weight, run.Config.NormEpsilon);
        observer.Observe(site, normed);
    }
}
