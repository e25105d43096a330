using System.Collections.Immutable;
using System.Diagnostics;
using System.Text.Json;
using MambaQuant.Pipeline.Planning;
using MambaQuant.Pipeline.Telemetry;
using MambaQuant.Quant.Checkpoints;
using MambaQuant.Quant.Datasets;
using MambaQuant.Quant.Inference;
using MambaQuant.Quant.Method;
using MambaQuant.Quant.Models;
using MambaQuant.Quant.Recipes;
using MambaQuant.Quant.Rotations;
using MambaQuant.Quant.Safetensors;
using MambaQuant.Quant.Statistics;

namespace MambaQuant.Pipeline.Execution;

/// <summary>The items of the whole model: sequences, merged shards, the rotation of the residual stream, the checkpoint.</summary>
/// <param name="bench">What the worker has.</param>
internal sealed class ModelStage(Workbench bench)
{
    /// <summary>Makes sequences.</summary>
    /// <param name="session">The item.</param>
    /// <param name="reporter">Hears how far the sampling is.</param>
    /// <param name="stop">Ends the sampling.</param>
    public async Task<ItemReceipt> TokenizeAsync(ItemSession session, ItemReporter reporter, CancellationToken stop)
    {
        using var either = CancellationTokenSource.CreateLinkedTokenSource(stop, session.Abandon);
        CalibrationIdentity calibration = bench.Plan.Request.Calibration;
        using Activity? group = Tracing.Group(KernelGroups.Tokenize);
        CalibrationSet set = calibration switch
        {
            { Tokens: { } expected } => Given(expected),
            { Text: not null } => Read(calibration),
            _ => Sample(session.Item, calibration, reporter, either.Token),
        };
        await session.PutAsync(ItemOutputs.Tokens, path => SequenceFile.Write(path, set));
        return await session.CompleteAsync(set.TokenCount);
    }

    /// <summary>Merges the shards of a layer, or of the pool, in a fixed tree.</summary>
    /// <param name="session">The item.</param>
    /// <param name="stop">Ends it between two shards.</param>
    public async Task<ItemReceipt> ReduceAsync(ItemSession session, CancellationToken stop)
    {
        WorkItem item = session.Item;
        bool isPool = item.First < 0;
        string output = isPool ? ItemOutputs.Pool : ItemOutputs.Statistics(item.First);
        WorkKind observe = item.Kind switch
        {
            WorkKind.ReduceRanges => WorkKind.ObserveRanges,
            WorkKind.ReduceMoments => WorkKind.ObserveMoments,
            WorkKind.ReduceRotated => WorkKind.ObserveRotated,
            WorkKind.ReduceTransformed => WorkKind.ObserveTransformed,
            _ => WorkKind.ObserveOriginal,
        };
        using Activity? group = Tracing.Group(KernelGroups.Merge, item.First);
        var tree = new MergeTree<LayerStatistics>(LayerStatistics.Merge);
        for (int shard = 0; shard < bench.Plan.Grid.Shards; shard++)
        {
            stop.ThrowIfCancellationRequested();
            WorkItem producer = bench.Plan.FindBlock(observe, isPool ? bench.Config.LayerCount : item.First, shard)!;
            tree.Add(await bench.StatisticsAsync(session, producer, output));
        }

        await bench.PutStatisticsAsync(session, output, tree.Complete());
        return await session.CompleteAsync(tokens: 0);
    }

    /// <summary>Makes the rotation of the residual stream.</summary>
    /// <param name="session">The item.</param>
    public async Task<ItemReceipt> RotateAsync(ItemSession session)
    {
        WorkItem producer = bench.Plan.Find(WorkKind.ReduceOriginal)
            ?? bench.Plan.FindBlock(WorkKind.ObserveOriginal, bench.Config.LayerCount, 0)!;
        LayerStatistics pool = await bench.StatisticsAsync(session, producer, ItemOutputs.Pool);
        MethodContext context = bench.Context(session.Abandon);
        Activity? group = Tracing.Group(KernelGroups.Eigen);
        Rotation rotation = LayerTransforms.ResidualRotation(context, PoolFile.In(pool))!;
        group?.Dispose();
        await session.PutAsync(ItemOutputs.Rotation, rotation.Write);
        await bench.PutPictureAsync(session, () => Task.FromResult(LayerPictures.OfResidual(context, rotation, PoolFile.In(pool))));
        return await session.CompleteAsync(tokens: 0);
    }

    /// <summary>Puts the checkpoint together.</summary>
    /// <param name="session">The item.</param>
    /// <param name="reporter">Hears how far it is.</param>
    /// <param name="stop">Ends it between two parts; nothing is left.</param>
    public async Task<ItemReceipt> AssembleAsync(ItemSession session, ItemReporter reporter, CancellationToken stop)
    {
        ICheckpointSink sink = bench.Options.Sink ?? throw new InvalidOperationException("this worker has no place for a checkpoint: give it a sink, or keep Assemble from it");
        bench.Files.EnsureCompanions(bench.Options.Model);
        MethodContext context = bench.Context(session.Abandon);
        int layers = bench.Config.LayerCount;
        using QuantizedCheckpointWriter writer = sink.Begin(bench.Checkpoint);
        QuantizedLayerLayout layout = QuantizedLayerLayout.Planned(bench.Family, bench.Recipe);
        var reports = ImmutableArray.CreateBuilder<LayerReport>(layers + 1);
        var pictures = ImmutableArray.CreateBuilder<LayerPicture>(layers + 1);
        for (int layer = 0; layer <= layers; layer++)
        {
            stop.ThrowIfCancellationRequested();
            WorkItem producer = bench.Plan.Find(WorkKind.Quantize, layer)!;
            if (layer < layers)
            {
                await session.FetchAsync(producer, ItemOutputs.Layer, writer.PlaceLayer(layer, layout));
            }
            else
            {
                (string embeddings, string head) = writer.PlaceEnds(QuantizedEndsLayout.Planned(bench.Family, bench.Recipe, bench.Checkpoint.HasSeparateHead));
                await session.FetchAsync(producer, ItemOutputs.Embeddings, embeddings);
                await session.FetchAsync(producer, ItemOutputs.Head, head);
            }

            reports.Add(await session.ReadAsync(
                producer, ItemOutputs.Report, path => JsonSerializer.Deserialize(File.ReadAllBytes(path), ExecutionJson.Default.LayerReport)!));
            pictures.Add(await bench.PictureAsync(session, WorkKind.Quantize, layer));
            reporter.Report(layer + 1, layers + 1, "parts");
        }

        CalibrationIdentity calibration = bench.Plan.Request.Calibration;
        CalibrationSet? sequences = bench.Needs.Calibrates ? await bench.AllSequencesAsync(session) : null;
        IReadOnlyList<WrittenTensor> written = writer.Complete(new QuantizedCheckpointDocuments
        {
            Recipe = RecipeWriter.Write(bench.Recipe),
            Report = CheckpointReports.OfModel(context, writer.TensorBytes, reports[layers], [.. reports.Take(layers)]),
            Manifest = RunManifests.Of(
                context, bench.Plan.Request.Model.Files, sequences, bench.Plan.SearchSamples, calibration.Seed, sequences is null ? null : calibration.Tokenizer),
            Pictures = new CheckpointPictures { Ends = pictures[layers], Layers = [.. pictures.Take(layers)] },
            Run = sink.RunText(),
        });
        await sink.EndAsync(written, session.PutFileAsync);
        return sink.KeepsInStore
            ? await session.CompleteAsync(tokens: 0)
            : new ItemReceipt(session.Item.Label, [.. written.Select(tensor => new ReceiptOutput(tensor.Name, tensor.SizeBytes, tensor.Sha256))], 0);
    }

    private CalibrationSet Given(string expected)
    {
        CalibrationSet given = bench.Options.Sequences
            ?? throw new InvalidOperationException("the plan has sequences that were made before: give them to the worker");
        return given.Sha256 == expected
            ? given
            : throw new InvalidOperationException($"the plan has sequences of SHA-256 {expected}, the worker was given those of {given.Sha256}");
    }

    private CalibrationSet Read(CalibrationIdentity calibration)
    {
        Func<IByteSource> open = bench.Options.Text ?? throw new InvalidOperationException("the plan calibrates on a text: give it to the worker");
        int[] tokens = PlannedText.Tokenize(bench, open, calibration.Text!, calibration.Tokenizer!);
        return CalibrationSampler.Sample(tokens, calibration.Samples, calibration.SequenceLength, calibration.Seed, calibration.Source);
    }

    private CalibrationSet Sample(WorkItem item, CalibrationIdentity calibration, ItemReporter reporter, CancellationToken cancellation)
    {
        (int first, int count) = bench.Plan.Grid.Shard(item.Shard);
        long total = (long)count * calibration.SequenceLength;
        using MambaLanguageModel model = MambaLanguageModels.LoadFloat(bench.Kernels, bench.Checkpoint);
        return SelfSampler.SamplePart(
            bench.Kernels, model, first, count, calibration.SequenceLength, calibration.Seed, new Steps(done => reporter.Report(done, total, "tokens")), cancellation);
    }

    private sealed class Steps(Action<long> report) : IProgress<long>
    {
        public void Report(long value) => report(value);
    }
}
