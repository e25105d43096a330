using MambaQuant.Quant.Method;
using MambaQuant.Quant.Models;
using MambaQuant.Quant.Safetensors;
using MambaQuant.Quant.Statistics;
using MambaQuant.Quant.Tensors;

namespace MambaQuant.Pipeline.Local;

/// <summary>The pass over the model as it was read: layer by layer, all calibration sequences; statistics and samples go to the scratch folder.</summary>
internal static class OriginalPass
{
    private const string SamplesTensor = "inputs";

    /// <summary>Runs the pass.</summary>
    /// <param name="run">The run.</param>
    /// <returns>The second moment of r/rms(r) pooled over the inputs of all norms, the final one included; null where the recipe does not rotate by it.</returns>
    public static SecondMoment? Observe(Run run)
    {
        ObservationPlan plan = ObservationPlans.Original(run.Context.Recipe, run.Context.Family);
        if (!ObservationPlans.IsNeeded(plan))
        {
            return null;
        }

        bool pools = plan.SecondMoments.Contains(ActivationSite.ResidualStream);
        SecondMoment? pooled = null;
        using HiddenStates hidden = HiddenStates.Embed(run.Context, run.Sequences);
        for (int layer = 0; layer < run.Config.LayerCount; layer++)
        {
            LayerStatistics statistics = ObserveLayer(run, plan, hidden, layer);
            if (pools)
            {
                SecondMoment moment = statistics[ActivationSite.ResidualStream].Moment!;
                pooled = pooled is null ? moment : SecondMoment.Merge(pooled, moment);
            }
        }

        LayerStatistics last = ObserveHead(run, plan, hidden);
        return pools ? SecondMoment.Merge(pooled!, last[ActivationSite.ResidualStream].Moment!) : null;
    }

    /// <summary>The inputs of a layer that were kept for its smoothing search.</summary>
    /// <param name="run">The run.</param>
    /// <param name="layer">Index of the layer.</param>
    /// <returns>[sequences, L, d] F32, in the basis of the original model.</returns>
    public static Tensor LoadSamples(Run run, int layer)
    {
        using SafetensorsFile file = SafetensorsFile.Open(run.Scratch.Samples(layer));
        file.TryGet(SamplesTensor, out SafetensorsEntry? entry);
        var values = new float[entry!.Shape.ElementCount];
        file.ReadFloat32(entry, values);
        return run.Kernels.Upload<float>(values, entry.Shape);
    }

    private static LayerStatistics ObserveLayer(Run run, ObservationPlan plan, HiddenStates hidden, int layer)
    {
        if (run.Context.Searches)
        {
            SaveSamples(run, hidden, layer);
        }

        using var observer = new LayerObserver(run.Kernels, plan, layer, run.Config);
        using MambaBlock block = FloatBlock.Build(
            run.Kernels, run.Config, run.Context.Checkpoint.LoadLayer(run.Kernels, layer), OnlineTransforms.None);
        run.Advance(Stages.ObserveOriginal, hidden, block, layer, observer);
        LayerStatistics statistics = observer.ToStatistics();
        statistics.Write(run.Scratch.OriginalStatistics(layer));
        return statistics;
    }

    private static LayerStatistics ObserveHead(Run run, ObservationPlan plan, HiddenStates hidden)
    {
        using Tensor norm = run.Context.Checkpoint.LoadFinalNorm(run.Kernels);
        LayerStatistics statistics = NormObservation.Observe(run.Context, plan, run.Config.LayerCount, hidden, ActivationSite.HeadInput, norm);
        statistics.Write(run.Scratch.OriginalStatistics(run.Config.LayerCount));
        return statistics;
    }

    private static void SaveSamples(Run run, HiddenStates hidden, int layer)
    {
        var shape = new Shape(run.SearchSequences, run.Sequences.SequenceLength, run.Config.DModel);
        using var writer = new SafetensorsWriter(run.Scratch.Samples(layer), [new SafetensorsDeclaration(SamplesTensor, DType.F32, shape)]);
        writer.Write(SamplesTensor, hidden.CopyFirst(run.Kernels, run.SearchSequences));
        writer.Complete();
    }
}
