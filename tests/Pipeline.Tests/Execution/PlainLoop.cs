using System.Collections.Immutable;
using MambaQuant.Pipeline.Tests.Local;
using MambaQuant.Quant.Checkpoints;
using MambaQuant.Quant.Datasets;
using MambaQuant.Quant.Inference;
using MambaQuant.Quant.Kernels;
using MambaQuant.Quant.Method;
using MambaQuant.Quant.Models;
using MambaQuant.Quant.Quantization;
using MambaQuant.Quant.Recipes;
using MambaQuant.Quant.Rotations;
using MambaQuant.Quant.Statistics;
using MambaQuant.Quant.Tensors;

namespace MambaQuant.Pipeline.Tests.Execution;

/// <summary>The method in a plain loop over the library's calls, with no items, stores or files between: what the pipeline is compared with.</summary>
internal static class PlainLoop
{
    /// <summary>Quantizes with the stages of the library.</summary>
    public static void Run(IKernels kernels, TinyModel model, Recipe recipe, string output, int shards = 1)
    {
        CalibrationSet calibration = model.Calibration(kernels);
        using MambaCheckpoint checkpoint = MambaCheckpoint.Open(model.Path);
        var context = new MethodContext(kernels, checkpoint, recipe);
        Run(context, calibration, shards, tokenizer: null, model.File(output));
    }

    /// <summary>Quantizes with the stages of the library.</summary>
    public static void Run(MethodContext context, CalibrationSet calibration, int shards, string? tokenizer, string output)
    {
        ModelStatistics observed = ModelStages.Observe(context, calibration, shards);
        TransformChoice choice = ModelStages.ChooseTransform(context, calibration, observed, searchSamples: 4);
        ModelStatistics ranges = ModelStages.Observe(context, calibration, choice, shards);
        bool calibrates = observed.Head is not null || ranges.Head is not null;
        using QuantizedModel quantized = ModelStages.Quantize(context, choice, observed, ranges);
        quantized.Write(output, calibrates ? calibration : null, seed: 1, calibrates ? tokenizer : null);
    }

    /// <summary>Quantizes with sequential GPTQ: every layer is calibrated behind the quantized ones before it.</summary>
    public static void RunSequential(IKernels kernels, TinyModel model, Recipe recipe, string output)
    {
        CalibrationSet calibration = model.Calibration(kernels);
        using MambaCheckpoint checkpoint = MambaCheckpoint.Open(model.Path);
        var context = new MethodContext(kernels, checkpoint, recipe);
        ModelStatistics observed = ModelStages.Observe(context, calibration);
        TransformChoice choice = ModelStages.ChooseTransform(context, calibration, observed, searchSamples: 4);
        ObservationPlan plan = ObservationPlans.Transformed(recipe, context.Family);
        using Tensor norm = checkpoint.LoadFinalNorm(kernels);
        using EndsFolder? folder = choice.Transform.Residual is { } residual ? new EndsFolder(kernels, residual, norm) : null;
        using HiddenStates hidden = HiddenStates.Embed(context, calibration, folder);
        using var writer = new QuantizedCheckpointWriter(model.File(output), checkpoint);
        var reports = ImmutableArray.CreateBuilder<LayerReport>();
        var pictures = ImmutableArray.CreateBuilder<LayerPicture>();
        for (int layer = 0; layer < checkpoint.Config.LayerCount; layer++)
        {
            (LayerOutcome outcome, LayerPicture picture) = Quantize(context, choice, layer, plan, hidden, observed.Find(layer));
            pictures.Add(picture);
            using LayerWeights original = outcome.Original;
            using QuantizedLayer quantized = outcome.Quantized;
            reports.Add(CheckpointReports.OfLayer(context, outcome));
            writer.AddLayer(kernels, quantized);
            using MambaBlock block = QuantizedBlock.Build(kernels, checkpoint.Config, quantized, QuantizedArithmetic.Integer);
            hidden.Advance(kernels, block, observer: null, _ => { }, CancellationToken.None);
        }

        using Tensor folded = folder?.FinalNorm() ?? checkpoint.LoadFinalNorm(kernels);
        LayerStatistics head = NormObservation.Observe(context, plan, checkpoint.Config.LayerCount, hidden, ActivationSite.HeadInput, folded);
        (QuantizedEnds ends, LayerQuantizationReport report) = EndsStage.Quantize(context, choice.Transform.Residual, folder, observed.Head, head);
        using QuantizedEnds owned = ends;
        writer.AddEnds(kernels, ends);
        writer.Complete(new QuantizedCheckpointDocuments
        {
            Recipe = RecipeWriter.Write(recipe),
            Report = CheckpointReports.OfModel(context, writer.TensorBytes, CheckpointReports.OfEnds(report, observed.Head), reports.ToImmutable()),
            Pictures = new CheckpointPictures
            {
                Ends = LayerPictures.OfEnds(LayerPictures.OfResidual(context, choice.Transform.Residual, observed.PooledResidual()), report, observed.Head, head),
                Layers = pictures.ToImmutable(),
            },
            Manifest = RunManifests.Of(context, calibration, choice.SearchSamples, seed: 1, tokenizerFile: null),
        });
    }

    private static (LayerOutcome Outcome, LayerPicture Picture) Quantize(
        MethodContext context, TransformChoice choice, int layer, ObservationPlan plan, HiddenStates hidden, LayerStatistics? original)
    {
        IKernels kernels = context.Kernels;
        LayerTransform transform = choice.Transform.Layers[layer];
        LayerWeights weights = context.Checkpoint.LoadLayer(kernels, layer);
        using LayerWeights rotated = LayerFolder.Fold(kernels, context.Family, weights, choice.Transform.Residual, new LayerTransform(layer));
        LayerWeights folded = LayerFolder.Fold(kernels, context.Family, rotated, residual: null, transform);
        using OnlineTransforms online = LayerFolder.Online(kernels, context.Family, transform);
        using MambaBlock block = FloatBlock.Build(kernels, context.Config, folded, online);
        using var observer = new LayerObserver(kernels, plan, layer, context.Config);
        hidden.Visit(kernels, block, observer, CancellationToken.None);
        LayerStatistics statistics = observer.ToStatistics();
        var moments = new InputMoments(context, choice.Transform.Residual, transform, folded, original, statistics);
        (QuantizedLayer quantized, LayerQuantizationReport report) = LayerQuantizer.Quantize(
            kernels, context.Family, folded, transform, context.Scheme, statistics, context.Recipe.Gptq?.ToOptions(), moments.At);
        var outcome = new LayerOutcome(quantized, report, weights, choice.Smoothing[layer], original);
        LayerPicture ofTransform = LayerPictures.OfTransform(context, original, transform, choice.Smoothing[layer]);
        return (outcome, LayerPictures.OfLayer(context, ofTransform, outcome, statistics, moments));
    }
}
