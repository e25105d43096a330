using MambaQuant.Quant.Models;
using MambaQuant.Quant.Statistics;
using MambaQuant.Quant.Tensors;

namespace MambaQuant.Pipeline.Local;

/// <summary>Observes what lies behind the last layer: the final norm's input and output.</summary>
internal static class HeadObservation
{
    /// <summary>Observes.</summary>
    /// <param name="run">The run.</param>
    /// <param name="plan">What to observe; sites of layers are passed over.</param>
    /// <param name="hidden">The residual stream behind the last layer.</param>
    /// <param name="norm">Weight of the final norm, [d] F32.</param>
    /// <returns>Statistics under the layer index that follows the last.</returns>
    public static LayerStatistics Observe(Run run, ObservationPlan plan, HiddenStates hidden, Tensor norm)
    {
        using var observer = new LayerObserver(run.Kernels, plan, run.Config.LayerCount, run.Config);
        for (int batch = 0; batch < hidden.Batches.Count; batch++)
        {
            run.Cancellation.ThrowIfCancellationRequested();
            observer.Shard = batch;
            Observe(run, observer, ActivationSite.ResidualStream, hidden.Batches[batch], weight: null);
            Observe(run, observer, ActivationSite.HeadInput, hidden.Batches[batch], norm);
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
