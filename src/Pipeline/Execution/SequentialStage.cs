using System.Diagnostics;
using MambaQuant.Pipeline.Planning;
using MambaQuant.Pipeline.Telemetry;
using MambaQuant.Quant.Checkpoints;
using MambaQuant.Quant.Datasets;
using MambaQuant.Quant.Inference;
using MambaQuant.Quant.Kernels;
using MambaQuant.Quant.Method;
using MambaQuant.Quant.Models;
using MambaQuant.Quant.Quantization;
using MambaQuant.Quant.Rotations;
using MambaQuant.Quant.Statistics;
using MambaQuant.Quant.Tensors;

namespace MambaQuant.Pipeline.Execution;

/// <summary>One step of the chain of sequential GPTQ: behind the quantized layers so far, a shard meets the next layer, still in float.</summary>
/// <param name="bench">What the worker has.</param>
internal sealed class SequentialStage(Workbench bench)
{
    /// <summary>Runs an item: through the quantized layer before, then observe.</summary>
    /// <param name="session">The item; its first layer is the number of layers for final norm and head.</param>
    /// <param name="reporter">Hears how far it is.</param>
    public async Task<ItemReceipt> RunAsync(ItemSession session, ItemReporter reporter)
    {
        WorkItem item = session.Item;
        int layer = item.First;
        MethodContext context = bench.Context(session.Abandon);
        Rotation? residual = await bench.ResidualAsync(session);
        using EndsFolder? ends = bench.Ends(residual);
        using LoadedHidden loaded = await LoadAsync(session, context, ends);
        long tokens = (long)bench.Plan.Grid.Shard(item.Shard).Count * bench.Plan.Request.Calibration.SequenceLength;
        if (layer > 0)
        {
            await AdvanceAsync(session, loaded.Hidden, layer - 1, done => reporter.Report(done, 2 * tokens, "tokens"));
            new TokenCount(item.Kind).Reach(tokens);
        }

        LayerStatistics statistics = layer < bench.Config.LayerCount
            ? await ObserveAsync(session, loaded.Hidden, residual, layer)
            : ObserveHead(context, loaded.Hidden, ends);
        new TokenCount(item.Kind).Reach(tokens);
        await PutAsync(session, statistics);
        if (layer < bench.Config.LayerCount)
        {
            await session.PutAsync(ItemOutputs.Hidden, path => HiddenStatesFile.Write(path, bench.Kernels, loaded.Hidden, pool: null));
        }

        reporter.Report(2 * tokens, 2 * tokens, "tokens");
        return await session.CompleteAsync(tokens);
    }

    private async Task PutAsync(ItemSession session, LayerStatistics statistics)
    {
        using Activity? group = Tracing.Group(KernelGroups.Statistics, statistics.Layer);
        await bench.PutStatisticsAsync(session, ItemOutputs.Statistics(statistics.Layer), statistics);
    }

    private async Task<LoadedHidden> LoadAsync(ItemSession session, MethodContext context, EndsFolder? ends)
    {
        WorkItem item = session.Item;
        if (item.First == 0)
        {
            CalibrationSet sequences = await bench.SequencesAsync(session, item.Shard);
            return new LoadedHidden(HiddenStates.Embed(context, sequences, ends), null);
        }

        WorkItem before = bench.Plan.Find(WorkKind.ObserveTransformed, item.First - 1, item.Shard)!;
        return await session.ReadAsync(before, ItemOutputs.Hidden, path => new LoadedHidden(HiddenStatesFile.Read(path, bench.Kernels).Hidden, null));
    }

    private async Task AdvanceAsync(ItemSession session, HiddenStates hidden, int layer, Action<long> advanced)
    {
        QuantizedLayerLayout layout = QuantizedLayerLayout.Planned(bench.Family, bench.Recipe);
        WorkItem quantize = bench.Plan.Find(WorkKind.Quantize, layer)!;
        using QuantizedLayer quantized = await session.ReadAsync(
            quantize, ItemOutputs.Layer, path => QuantizedParts.ReadLayer(path, bench.Kernels, bench.Config, layout, layer));
        using MambaBlock block = QuantizedBlock.Build(bench.Kernels, bench.Config, quantized, QuantizedArithmetic.Integer);
        using Activity? group = Tracing.Group(KernelGroups.Forward, layer);
        hidden.Advance(bench.Kernels, block, observer: null, advanced, session.Abandon);
    }

    private async Task<LayerStatistics> ObserveAsync(ItemSession session, HiddenStates hidden, Rotation? residual, int layer)
    {
        LayerTransform transform = await bench.TransformAsync(session, layer);
        using LayerWeights weights = bench.Checkpoint.LoadLayer(bench.Kernels, layer);
        using OnlineTransforms online = LayerFolder.Online(bench.Kernels, bench.Family, transform);
        using MambaBlock block = FloatBlock.Build(bench.Kernels, bench.Config, bench.Fold(weights, residual, transform), online);
        using Activity? group = Tracing.Group(KernelGroups.Forward, layer);
        using var observer = new LayerObserver(bench.Kernels, bench.Needs.Transformed!, layer, bench.Config);
        hidden.Visit(bench.Kernels, block, observer, session.Abandon);
        return observer.ToStatistics();
    }

    private LayerStatistics ObserveHead(MethodContext context, HiddenStates hidden, EndsFolder? ends)
    {
        using Tensor norm = ends?.FinalNorm() ?? bench.Checkpoint.LoadFinalNorm(bench.Kernels);
        return NormObservation.Observe(context, bench.Needs.Transformed!, bench.Config.LayerCount, hidden, ActivationSite.HeadInput, norm);
    }
}
