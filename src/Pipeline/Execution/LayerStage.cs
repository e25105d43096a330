using System.Collections.Immutable;
using System.Diagnostics;
using System.Text.Json;
using MambaQuant.Pipeline.Planning;
using MambaQuant.Pipeline.Telemetry;
using MambaQuant.Quant.Checkpoints;
using MambaQuant.Quant.Method;
using MambaQuant.Quant.Models;
using MambaQuant.Quant.Quantization;
using MambaQuant.Quant.Rotations;
using MambaQuant.Quant.Smoothing;
using MambaQuant.Quant.Statistics;
using MambaQuant.Quant.Tensors;

namespace MambaQuant.Pipeline.Execution;

/// <summary>The items of one layer, and the ends: search, transform, quantize.</summary>
/// <param name="bench">What the worker has.</param>
internal sealed class LayerStage(Workbench bench)
{
    /// <summary>Chooses the smoothing of a layer by trying it out.</summary>
    /// <param name="session">The item.</param>
    /// <param name="reporter">Hears of every candidate.</param>
    /// <param name="stop">Ends it between two candidates.</param>
    public async Task<ItemReceipt> SearchAsync(ItemSession session, ItemReporter reporter, CancellationToken stop)
    {
        int layer = session.Item.First;
        using var either = CancellationTokenSource.CreateLinkedTokenSource(stop, session.Abandon);
        Rotation? residual = await bench.ResidualAsync(session);
        using EndsFolder? ends = bench.Ends(residual);
        using Tensor samples = HiddenStates.Rotate(bench.Kernels, await SamplesAsync(session, layer), ends);
        LayerStatistics statistics = await MagnitudesAsync(session, layer);
        using LayerWeights rotated = LoadRotated(layer, residual);
        await PutChoiceAsync(session, Search(bench.Context(reporter, "candidates", either.Token), rotated, statistics, samples));
        return await session.CompleteAsync(tokens: 0);
    }

    /// <summary>Puts the transform of a layer together.</summary>
    /// <param name="session">The item.</param>
    public async Task<ItemReceipt> TransformAsync(ItemSession session)
    {
        int layer = session.Item.First;
        MethodContext context = bench.Context(session.Abandon);
        ImmutableArray<SmoothingChoice> choices = [];
        LayerStatistics? statistics = bench.Needs.TransformReadsOriginal ? await MagnitudesAsync(session, layer) : null;
        if (bench.Needs.Searches)
        {
            choices = await bench.ChoicesAsync(session, layer);
        }
        else if (bench.Needs.Smooths)
        {
            using LayerWeights rotated = LoadRotated(layer, await bench.ResidualAsync(session));
            choices = Search(context, rotated, statistics, samples: null);
            await PutChoiceAsync(session, choices);
        }

        LayerTransform transform = Combine(context, layer, statistics, choices);
        await session.PutAsync(ItemOutputs.Transform, transform.Write);
        await bench.PutPictureAsync(session, () => Task.FromResult(LayerPictures.OfTransform(context, statistics, transform, choices)));
        return await session.CompleteAsync(tokens: 0);
    }

    /// <summary>Quantizes a layer.</summary>
    /// <param name="session">The item.</param>
    /// <param name="reporter">Hears of every module.</param>
    /// <param name="stop">Ends it between two modules.</param>
    public async Task<ItemReceipt> QuantizeAsync(ItemSession session, ItemReporter reporter, CancellationToken stop)
    {
        int layer = session.Item.First;
        using var either = CancellationTokenSource.CreateLinkedTokenSource(stop, session.Abandon);
        MethodContext context = bench.Context(reporter, "modules", either.Token);
        Rotation? residual = await bench.ResidualAsync(session);
        LayerTransform transform = await bench.TransformAsync(session, layer);
        LayerStatistics? transformed = await TransformedAsync(session, layer, bench.Needs.Transformed is not null);
        LayerStatistics? measured = await MomentsAsync(session, layer, bench.Needs.Moments is not null);
        LayerStatistics? original = await OriginalAsync(session, layer, bench.Needs.ReportsOriginal);
        ImmutableArray<SmoothingChoice> choices = await bench.ChoicesAsync(session, layer);
        using LayerWeights weights = Load(layer);
        using LayerWeights folded = Fold(weights, residual, transform);
        var moments = new InputMoments(context, residual, transform, folded, measured, transformed);
        Activity? rounding = Tracing.Group(RoundingGroup, layer);
        (QuantizedLayer quantized, LayerQuantizationReport report) = LayerQuantizer.Quantize(
            bench.Kernels, bench.Family, folded, transform, context.Scheme, transformed, bench.Recipe.Gptq?.ToOptions(), moments.At, context.Stepped);
        rounding?.Dispose();
        using QuantizedLayer owned = quantized;
        var outcome = new LayerOutcome(quantized, report, weights, choices, original);
        LayerReport described = CheckpointReports.OfLayer(context, outcome);
        ErrorMeter.Record(described);
        Activity? packing = Tracing.Group(KernelGroups.Pack, layer);
        await session.PutAsync(ItemOutputs.Layer, path => QuantizedParts.WriteLayer(path, bench.Kernels, bench.Config, quantized));
        await PutReportAsync(session, described);
        packing?.Dispose();
        await bench.PutPictureAsync(session, async () => LayerPictures.OfLayer(context, await bench.PictureAsync(session, WorkKind.Transform, layer), outcome, transformed, moments));
        return await session.CompleteAsync(tokens: 0);
    }

    /// <summary>Quantizes embeddings and head.</summary>
    /// <param name="session">The item.</param>
    /// <param name="reporter">Hears of every piece of the tables.</param>
    /// <param name="stop">Ends it between two pieces of the tables.</param>
    public async Task<ItemReceipt> QuantizeEndsAsync(ItemSession session, ItemReporter reporter, CancellationToken stop)
    {
        int layer = session.Item.First;
        using var either = CancellationTokenSource.CreateLinkedTokenSource(stop, session.Abandon);
        MethodContext context = bench.Context(reporter, "pieces", either.Token);
        Rotation? residual = await bench.ResidualAsync(session);
        using EndsFolder? folder = bench.Ends(residual);
        bool readsHead = bench.Needs.Transformed is not null && (bench.Needs.FixesHeadInput || bench.Needs.IsSequential);
        LayerStatistics? head = await TransformedAsync(session, layer, readsHead);
        LayerStatistics? measured = await MomentsAsync(session, layer, bench.Needs is { Moments: not null, CompensatesHead: true });
        LayerStatistics? original = await OriginalAsync(session, layer, bench.Needs.ReportsOriginalHead);
        Activity? rounding = Tracing.Group(RoundingGroup, layer);
        (QuantizedEnds ends, LayerQuantizationReport report) = EndsStage.Quantize(context, residual, folder, measured, head);
        rounding?.Dispose();
        using QuantizedEnds owned = ends;
        LayerReport described = CheckpointReports.OfEnds(report, original);
        ErrorMeter.Record(described);
        Activity? packing = Tracing.Group(KernelGroups.Pack, layer);
        await session.PutAsync(ItemOutputs.Embeddings, path => QuantizedParts.WriteEmbeddings(path, bench.Kernels, bench.Config, ends));
        await session.PutAsync(ItemOutputs.Head, path => QuantizedParts.WriteHead(path, bench.Kernels, bench.Config, ends));
        await PutReportAsync(session, described);
        packing?.Dispose();
        await bench.PutPictureAsync(session, async () => LayerPictures.OfEnds(await bench.PictureAsync(session, WorkKind.ResidualRotation), report, original, head));
        return await session.CompleteAsync(tokens: 0);
    }

    private string RoundingGroup => bench.Recipe.Gptq is null ? KernelGroups.Quantize : KernelGroups.Gptq;

    private static ImmutableArray<SmoothingChoice> Search(MethodContext context, LayerWeights rotated, LayerStatistics? statistics, Tensor? samples)
    {
        using Activity? group = Tracing.Group(KernelGroups.Search, rotated.Layer);
        return LayerTransforms.ChooseSmoothing(context, rotated, statistics, samples);
    }

    private static LayerTransform Combine(MethodContext context, int layer, LayerStatistics? statistics, ImmutableArray<SmoothingChoice> choices)
    {
        using Activity? group = Tracing.Group(KernelGroups.Eigen, layer);
        return LayerTransforms.Combine(context, layer, statistics, choices);
    }

    private LayerWeights LoadRotated(int layer, Rotation? residual)
    {
        using LayerWeights weights = Load(layer);
        using Activity? group = Tracing.Group(KernelGroups.Load, layer);
        return bench.Rotate(weights, residual);
    }

    private LayerWeights Load(int layer)
    {
        using Activity? group = Tracing.Group(KernelGroups.Load, layer);
        return bench.Checkpoint.LoadLayer(bench.Kernels, layer);
    }

    private LayerWeights Fold(LayerWeights weights, Rotation? residual, LayerTransform transform)
    {
        using Activity? group = Tracing.Group(KernelGroups.Load, weights.Layer);
        return bench.Fold(weights, residual, transform);
    }

    /// <summary>What the first pass observed of a layer, the norm in the basis in which it is smoothed.</summary>
    private async Task<LayerStatistics> MagnitudesAsync(ItemSession session, int layer)
    {
        LayerStatistics original = await bench.StatisticsAsync(session, WorkKind.ObserveOriginal, WorkKind.ReduceOriginal, layer);
        return bench.Needs.SmoothsRotatedNorm
            ? NormObservation.WithRotated(original, await bench.StatisticsAsync(session, WorkKind.ObserveRotated, WorkKind.ReduceRotated, layer))
            : original;
    }

    private async Task<Tensor> SamplesAsync(ItemSession session, int layer)
    {
        int count = bench.Plan.SearchSamples, filled = 0;
        Tensor all = bench.Kernels.Allocate(DType.F32, new Shape(count, bench.Plan.Request.Calibration.SequenceLength, bench.Config.DModel));
        bool complete = false;
        try
        {
            foreach (int shard in bench.Plan.Grid.ShardsOfFirst(count))
            {
                WorkItem producer = bench.Plan.FindBlock(WorkKind.ObserveOriginal, layer, shard)!;
                filled += await session.ReadAsync(producer, ItemOutputs.Samples(layer), path => SampleFile.ReadInto(path, bench.Kernels, all, filled));
            }

            complete = true;
            return all;
        }
        finally
        {
            if (!complete)
            {
                all.Dispose();
            }
        }
    }

    private async Task<LayerStatistics?> TransformedAsync(ItemSession session, int layer, bool isRead) =>
        isRead ? await bench.StatisticsAsync(session, WorkKind.ObserveTransformed, WorkKind.ReduceTransformed, layer) : null;

    private async Task<LayerStatistics?> MomentsAsync(ItemSession session, int layer, bool isRead) =>
        isRead ? await bench.StatisticsAsync(session, WorkKind.ObserveMoments, WorkKind.ReduceMoments, layer) : null;

    private async Task<LayerStatistics?> OriginalAsync(ItemSession session, int layer, bool isRead) =>
        isRead ? await bench.StatisticsAsync(session, WorkKind.ObserveRanges, WorkKind.ReduceRanges, layer) : null;

    private static Task PutChoiceAsync(ItemSession session, ImmutableArray<SmoothingChoice> choices) =>
        session.PutAsync(ItemOutputs.Choice, JsonSerializer.SerializeToUtf8Bytes(choices, ExecutionJson.Default.ImmutableArraySmoothingChoice));

    private static Task PutReportAsync(ItemSession session, LayerReport report) =>
        session.PutAsync(ItemOutputs.Report, JsonSerializer.SerializeToUtf8Bytes(report, ExecutionJson.Default.LayerReport));
}
