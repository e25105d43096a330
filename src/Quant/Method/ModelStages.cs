using System.Collections.Immutable;
using MambaQuant.Quant.Checkpoints;
using MambaQuant.Quant.Datasets;
using MambaQuant.Quant.Kernels;
using MambaQuant.Quant.Models;
using MambaQuant.Quant.Quantization;
using MambaQuant.Quant.Recipes;
using MambaQuant.Quant.Rotations;
using MambaQuant.Quant.Smoothing;
using MambaQuant.Quant.Statistics;
using MambaQuant.Quant.Tensors;

namespace MambaQuant.Quant.Method;

/// <summary>The stages of the method, each one call from inputs to an output value, for a whole model in memory.</summary>
/// <remarks>
/// For programs that quantize small models or look at what lies between the stages; weights are still loaded layer by layer,
/// statistics of all layers are held. The results are those of the embedded engine, which keeps them on disk instead. GPTQ that is
/// sequential mixes the stages and needs that engine.
/// </remarks>
public static class ModelStages
{
    /// <summary>Observes the original model.</summary>
    /// <param name="context">Backend, model, recipe.</param>
    /// <param name="calibration">The sequences, each run from the reset state.</param>
    /// <param name="shards">Shards that are summed by themselves and then merged in a fixed tree, as a pipeline of so many shards does; 1 by default.</param>
    /// <returns>What the transform is made from; empty where the recipe needs nothing.</returns>
    /// <exception cref="NonFiniteActivationException">A value is NaN or infinite; names layer, site and place.</exception>
    public static ModelStatistics Observe(MethodContext context, CalibrationSet calibration, int shards = 1)
    {
        ArgumentNullException.ThrowIfNull(context);
        ObservationPlan plan = ObservationPlans.Original(context.Recipe, context.Family);
        bool pools = context.Recipe.KltAt(RotationSite.ResidualStream) is not null;
        return Observe(context, calibration, shards, plan, ModelTransform.None(context.Config.LayerCount), pools);
    }

    /// <summary>Chooses the transform: rotations, then layer by layer smoothing factors.</summary>
    /// <param name="context">Backend, model, recipe.</param>
    /// <param name="calibration">The sequences; the first of them judge the candidates of a search.</param>
    /// <param name="observed">What <see cref="Observe(MethodContext, CalibrationSet, int)"/> gave.</param>
    /// <param name="searchSamples">Sequences that a search sees, half for ranges, half for errors; at least 2.</param>
    public static TransformChoice ChooseTransform(
        MethodContext context, CalibrationSet calibration, ModelStatistics observed, int searchSamples = 8)
    {
        ArgumentNullException.ThrowIfNull(context);
        ArgumentNullException.ThrowIfNull(calibration);
        ArgumentNullException.ThrowIfNull(observed);
        int samples = Math.Min(searchSamples, calibration.Sequences.Count);
        ArgumentOutOfRangeException.ThrowIfLessThan(samples, 2, nameof(searchSamples));
        Rotation? residual = LayerTransforms.ResidualRotation(context, observed.PooledResidual());
        using EndsFolder? ends = Ends(context, residual);
        CalibrationSet? looked = context.SmoothsRotatedNorm ? calibration : context.Searches ? calibration.Slice(0, samples) : null;
        using HiddenStates? hidden = looked is null ? null : HiddenStates.Embed(context, looked);
        var transforms = ImmutableArray.CreateBuilder<LayerTransform>();
        var smoothing = ImmutableArray.CreateBuilder<ImmutableArray<SmoothingChoice>>();
        for (int layer = 0; layer < context.Config.LayerCount; layer++)
        {
            context.Cancellation.ThrowIfCancellationRequested();
            using LayerWeights rotated = Load(context, layer, residual);
            LayerStatistics? statistics = observed.Find(layer);
            if (context.SmoothsRotatedNorm)
            {
                statistics = NormObservation.WithRotated(statistics!, NormObservation.OfRotated(context, layer, hidden!, ends!));
            }

            using Tensor? inputs = context.Searches ? Samples(context, hidden!, samples, ends) : null;
            (LayerTransform transform, ImmutableArray<SmoothingChoice> choices) = LayerTransforms.Choose(context, rotated, statistics, inputs);
            transforms.Add(transform);
            smoothing.Add(choices);
            Advance(context, hidden, layer, residual: null, new LayerTransform(layer), observer: null);
        }

        return new TransformChoice(new ModelTransform(residual, transforms.ToImmutable()), smoothing.ToImmutable(), context.Searches ? samples : 0);
    }

    /// <summary>Observes the transformed float model.</summary>
    /// <param name="context">Backend, model, recipe.</param>
    /// <param name="calibration">The sequences, each run from the reset state.</param>
    /// <param name="choice">What <see cref="ChooseTransform"/> gave.</param>
    /// <param name="shards">Shards, as for the original model; they change no bit of what is observed here.</param>
    /// <returns>What the scales are made from; empty where the scheme fixes none.</returns>
    /// <exception cref="NonFiniteActivationException">A value is NaN or infinite; names layer, site and place.</exception>
    public static ModelStatistics Observe(MethodContext context, CalibrationSet calibration, TransformChoice choice, int shards = 1)
    {
        ArgumentNullException.ThrowIfNull(context);
        ArgumentNullException.ThrowIfNull(choice);
        ObservationPlan plan = ObservationPlans.Transformed(context.Recipe, context.Family);
        return Observe(context, calibration, shards, plan, choice.Transform, pools: false);
    }

    /// <summary>Quantizes the transformed model.</summary>
    /// <param name="context">Backend, model, recipe.</param>
    /// <param name="choice">What <see cref="ChooseTransform"/> gave.</param>
    /// <param name="observed">What was observed of the original model.</param>
    /// <param name="ranges">What was observed of the transformed model.</param>
    /// <returns>The quantized model; the caller disposes it.</returns>
    /// <exception cref="NotSupportedException">The recipe has sequential GPTQ.</exception>
    public static QuantizedModel Quantize(MethodContext context, TransformChoice choice, ModelStatistics observed, ModelStatistics ranges)
    {
        ArgumentNullException.ThrowIfNull(context);
        ArgumentNullException.ThrowIfNull(choice);
        ArgumentNullException.ThrowIfNull(observed);
        ArgumentNullException.ThrowIfNull(ranges);
        if (context.Recipe.Gptq is { Sequential: true })
        {
            throw new NotSupportedException("sequential GPTQ calibrates each layer on the quantized ones before it; run the whole recipe with the engine, or set sequential: false");
        }

        using var disposal = new DisposalScope();
        var layers = ImmutableArray.CreateBuilder<QuantizedLayer>();
        var reports = ImmutableArray.CreateBuilder<LayerReport>();
        var pictures = ImmutableArray.CreateBuilder<LayerPicture>();
        for (int layer = 0; layer < context.Config.LayerCount; layer++)
        {
            context.Cancellation.ThrowIfCancellationRequested();
            LayerTransform transform = choice.Transform.Layers[layer];
            using LayerWeights weights = context.Checkpoint.LoadLayer(context.Kernels, layer);
            using LayerWeights folded = Fold(context, weights, choice.Transform.Residual, transform);
            var moments = new InputMoments(context, choice.Transform.Residual, transform, folded, observed.Find(layer), ranges.Find(layer));
            (QuantizedLayer quantized, LayerQuantizationReport report) = LayerQuantizer.Quantize(
                context.Kernels, context.Family, folded, transform, context.Scheme, ranges.Find(layer), context.Recipe.Gptq?.ToOptions(), moments.At);
            layers.Add(disposal.Add(quantized));
            var outcome = new LayerOutcome(quantized, report, weights, choice.Smoothing[layer], observed.Find(layer));
            reports.Add(CheckpointReports.OfLayer(context, outcome));
            LayerPicture ofTransform = LayerPictures.OfTransform(context, observed.Find(layer), transform, choice.Smoothing[layer]);
            pictures.Add(LayerPictures.OfLayer(context, ofTransform, outcome, ranges.Find(layer), moments));
        }

        using EndsFolder? folder = Ends(context, choice.Transform.Residual);
        (QuantizedEnds ends, LayerQuantizationReport endsReport) = EndsStage.Quantize(
            context, choice.Transform.Residual, folder, observed.Head, ranges.Head);
        disposal.Add(ends);
        LayerPicture ofResidual = LayerPictures.OfResidual(context, choice.Transform.Residual, observed.PooledResidual());
        var described = new ModelDescription(
            reports.ToImmutable(),
            CheckpointReports.OfEnds(endsReport, observed.Head),
            new CheckpointPictures { Ends = LayerPictures.OfEnds(ofResidual, endsReport, observed.Head, ranges.Head), Layers = pictures.ToImmutable() });
        var model = new QuantizedModel(context, choice, layers.ToImmutable(), ends, described);
        disposal.Keep();
        return model;
    }

    private static ModelStatistics Observe(
        MethodContext context, CalibrationSet calibration, int shards, ObservationPlan plan, ModelTransform transform, bool pools)
    {
        if (!ObservationPlans.IsNeeded(plan))
        {
            return new ModelStatistics([], null);
        }

        ArgumentNullException.ThrowIfNull(calibration);
        using EndsFolder? ends = Ends(context, transform.Residual);
        MergeTree<LayerStatistics>[] layers =
            [.. Enumerable.Range(0, context.Config.LayerCount + 1).Select(_ => new MergeTree<LayerStatistics>(LayerStatistics.Merge))];
        var pool = new MergeTree<SecondMoment>(SecondMoment.Merge);
        for (int shard = 0; shard < shards; shard++)
        {
            SecondMoment? shardPool = null;
            CalibrationSet sequences = CalibrationShards.Slice(calibration, shards, shard);
            foreach (LayerStatistics statistics in ObserveShard(context, sequences, plan, transform, ends))
            {
                layers[statistics.Layer].Add(statistics);
                if (pools)
                {
                    SecondMoment moment = statistics[ActivationSite.ResidualStream].Moment!;
                    shardPool = shardPool is null ? moment : SecondMoment.Merge(shardPool, moment);
                }
            }

            if (shardPool is not null)
            {
                pool.Add(shardPool);
            }
        }

        return new ModelStatistics([.. layers.SkipLast(1).Select(tree => tree.Complete())], layers[^1].Complete())
        {
            Pooled = pools ? pool.Complete() : null,
        };
    }

    /// <summary>Statistics of the layers in order, of the final norm and the head last.</summary>
    private static IEnumerable<LayerStatistics> ObserveShard(
        MethodContext context, CalibrationSet sequences, ObservationPlan plan, ModelTransform transform, EndsFolder? ends)
    {
        using HiddenStates hidden = HiddenStates.Embed(context, sequences, ends);
        for (int layer = 0; layer < context.Config.LayerCount; layer++)
        {
            using var observer = new LayerObserver(context.Kernels, plan, layer, context.Config);
            Advance(context, hidden, layer, transform.Residual, transform.Layers[layer], observer);
            yield return observer.ToStatistics();
        }

        using Tensor norm = ends is null ? context.Checkpoint.LoadFinalNorm(context.Kernels) : ends.FinalNorm();
        yield return NormObservation.Observe(context, plan, context.Config.LayerCount, hidden, ActivationSite.HeadInput, norm);
    }

    /// <summary>Runs one layer of the float model, transformed, over all sequences; nothing to do where there are none.</summary>
    private static void Advance(
        MethodContext context, HiddenStates? hidden, int layer, Rotation? residual, LayerTransform transform, LayerObserver? observer)
    {
        if (hidden is null)
        {
            return;
        }

        using LayerWeights weights = context.Checkpoint.LoadLayer(context.Kernels, layer);
        using OnlineTransforms online = LayerFolder.Online(context.Kernels, context.Family, transform);
        using MambaBlock block = FloatBlock.Build(context.Kernels, context.Config, Fold(context, weights, residual, transform), online);
        hidden.Advance(context.Kernels, block, observer, _ => { }, context.Cancellation);
    }

    private static LayerWeights Load(MethodContext context, int layer, Rotation? residual)
    {
        using LayerWeights weights = context.Checkpoint.LoadLayer(context.Kernels, layer);
        return LayerFolder.Fold(context.Kernels, context.Family, weights, residual, new LayerTransform(layer));
    }

    /// <summary>Folds in the two steps in which the transform was chosen, so that the weights are those that the search saw.</summary>
    private static LayerWeights Fold(MethodContext context, LayerWeights weights, Rotation? residual, LayerTransform transform)
    {
        using LayerWeights rotated = LayerFolder.Fold(context.Kernels, context.Family, weights, residual, new LayerTransform(weights.Layer));
        return LayerFolder.Fold(context.Kernels, context.Family, rotated, residual: null, transform);
    }

    private static EndsFolder? Ends(MethodContext context, Rotation? residual)
    {
        if (residual is null)
        {
            return null;
        }

        using Tensor norm = context.Checkpoint.LoadFinalNorm(context.Kernels);
        return new EndsFolder(context.Kernels, residual, norm);
    }

    private static Tensor Samples(MethodContext context, HiddenStates hidden, int count, EndsFolder? ends)
    {
        IKernels kernels = context.Kernels;
        var shape = new Shape(count, hidden.Batches[0].Shape[1], context.Config.DModel);
        return HiddenStates.Rotate(kernels, kernels.Upload<float>(hidden.CopyFirst(kernels, count), shape), ends);
    }
}
