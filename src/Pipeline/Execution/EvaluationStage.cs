using System.Collections.Immutable;
using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Text.Json;
using MambaQuant.Pipeline.Planning;
using MambaQuant.Pipeline.Telemetry;
using MambaQuant.Quant.Checkpoints;
using MambaQuant.Quant.Evaluation;
using MambaQuant.Quant.Inference;
using MambaQuant.Quant.Kernels;
using MambaQuant.Quant.Method;
using MambaQuant.Quant.Models;
using MambaQuant.Quant.Quantization;
using MambaQuant.Quant.Safetensors;
using MambaQuant.Quant.Tensors;

namespace MambaQuant.Pipeline.Execution;

/// <summary>The items that judge a job's result on a text.</summary>
/// <remarks>
/// The float model runs once for all recipes and schemes: what its head reads is stored, and whoever compares makes the logits from
/// it again, a few rows at a time. The quantized model is built from the stored parts, a layer at a time, in integers. The figures are
/// those of <see cref="Evaluator"/> on the finished checkpoint, bit for bit, however many shards there are.
/// </remarks>
/// <param name="bench">What the worker has.</param>
internal sealed class EvaluationStage(Workbench bench)
{
    private IKernels Kernels => bench.Kernels;

    /// <summary>Makes the windows, a file for each shard.</summary>
    /// <param name="session">The item.</param>
    /// <param name="stop">Ends it between two shards.</param>
    /// <exception cref="IOException">The text or the tokenizer is not the one that was planned with.</exception>
    public async Task<ItemReceipt> TokenizeAsync(ItemSession session, CancellationToken stop)
    {
        EvaluationIdentity planned = bench.Plan.Request.Evaluation!;
        EvaluationGrid grid = bench.Plan.Evaluation!;
        using Activity? group = Tracing.Group(KernelGroups.Tokenize);
        Func<IByteSource> open = bench.Options.EvaluationText ?? throw new InvalidOperationException("the plan evaluates on a text: give it to the worker");
        int[] tokens = PlannedText.Tokenize(bench, open, planned.Text, planned.Tokenizer);
        if (tokens.Length != planned.Tokens)
        {
            throw new InvalidOperationException($"'{planned.Source}': expected {planned.Tokens} tokens, as the plan says, found {tokens.Length}. Plan with the number that the tokenizer gives.");
        }

        int first = 0;
        for (int shard = 0; shard < grid.Shards; shard++)
        {
            stop.ThrowIfCancellationRequested();
            int begin = first, count = (int)grid.TokensOf(shard);
            await session.PutAsync(ItemOutputs.Windows(shard), file => TokenFile.Write(file, tokens.AsSpan(begin, count)));
            first += count;
        }

        return await session.CompleteAsync(tokens.Length);
    }

    /// <summary>Runs the float model over a shard.</summary>
    /// <param name="session">The item.</param>
    /// <param name="reporter">Hears how far it is.</param>
    /// <param name="stop">Ends it behind the layer that runs, or between two batches of the head.</param>
    /// <exception cref="NumericalException">A loss is not finite.</exception>
    public async Task<ItemReceipt> RunFloatAsync(ItemSession session, ItemReporter reporter, CancellationToken stop)
    {
        IReadOnlyList<ReadOnlyMemory<int>> windows = await bench.WindowsAsync(session, session.Item.Shard);
        var pass = new WindowPass(bench, session, windows, reporter);
        using HiddenStates hidden = await pass.RunAsync(
            () => Task.FromResult(EmbedFloat(windows)), layer => Task.FromResult(bench.TakeOriginal(layer)), bench.KeepOriginal, stop);
        using MambaLanguageModel ends = MambaLanguageModels.LoadFloatEnds(Kernels, bench.Checkpoint);
        await session.PutAsync(ItemOutputs.HeadInputs, path => TokenRowsFile.Write(path, Kernels, hidden.Batches, batch => ends.Normed(Kernels, batch)));
        WindowScore[] scores = Score(session, pass, windows, hidden, ends, reference: null, reporter, stop);
        return await CompleteAsync(session, pass, scores);
    }

    /// <summary>Runs the quantized model over a shard, and compares it with the float one where the plan wants that.</summary>
    /// <inheritdoc cref="RunFloatAsync"/>
    public async Task<ItemReceipt> RunQuantizedAsync(ItemSession session, ItemReporter reporter, CancellationToken stop)
    {
        IReadOnlyList<ReadOnlyMemory<int>> windows = await bench.WindowsAsync(session, session.Item.Shard);
        var pass = new WindowPass(bench, session, windows, reporter);
        using HiddenStates hidden = await pass.RunAsync(
            () => EmbedQuantizedAsync(session, windows), layer => TakeQuantizedAsync(session, layer), KeepQuantized, stop);
        using MambaLanguageModel ends = await QuantizedEndsAsync(session);
        WindowScore[] scores = bench.Plan.Find(WorkKind.EvaluateFloat, shard: session.Item.Shard) is { } original
            ? await session.ReadAsync(original, ItemOutputs.HeadInputs, path => Compare(session, pass, windows, hidden, ends, path, reporter, stop))
            : Score(session, pass, windows, hidden, ends, reference: null, reporter, stop);
        return await CompleteAsync(session, pass, scores);
    }

    /// <summary>Adds the shards up.</summary>
    /// <param name="session">The item.</param>
    public async Task<ItemReceipt> ReduceAsync(ItemSession session)
    {
        bool compares = bench.Plan.Request.Evaluation!.ComparesWithFloat;
        EvaluationScores? original = compares ? EvaluationScores.Of(await ScoresAsync(session, WorkKind.EvaluateFloat), isCompared: false) : null;
        EvaluationScores quantized = EvaluationScores.Of(await ScoresAsync(session, WorkKind.Evaluate), compares);
        await session.PutAsync(
            ItemOutputs.Evaluation, JsonSerializer.SerializeToUtf8Bytes(new EvaluationOutcome(original, quantized), ExecutionJson.Default.EvaluationOutcome));
        return await session.CompleteAsync(tokens: 0);
    }

    private static async Task<ItemReceipt> CompleteAsync(ItemSession session, WindowPass pass, WindowScore[] scores)
    {
        await session.PutAsync(
            ItemOutputs.Scores,
            JsonSerializer.SerializeToUtf8Bytes(ImmutableCollectionsMarshal.AsImmutableArray(scores), ExecutionJson.Default.ImmutableArrayWindowScore));
        ItemReceipt receipt = await session.CompleteAsync(pass.Tokens);
        await pass.ForgetAsync();
        return receipt;
    }

    private async Task<List<WindowScore>> ScoresAsync(ItemSession session, WorkKind kind)
    {
        var scores = new List<WindowScore>();
        for (int shard = 0; shard < bench.Plan.Evaluation!.Shards; shard++)
        {
            scores.AddRange(await session.ReadAsync(
                bench.Plan.Find(kind, shard: shard)!,
                ItemOutputs.Scores,
                path => JsonSerializer.Deserialize(File.ReadAllBytes(path), ExecutionJson.Default.ImmutableArrayWindowScore)));
        }

        return scores;
    }

    private WindowScore[] Compare(
        ItemSession session,
        WindowPass pass,
        IReadOnlyList<ReadOnlyMemory<int>> windows,
        HiddenStates hidden,
        MambaLanguageModel ends,
        string headInputsPath,
        ItemReporter reporter,
        CancellationToken stop)
    {
        using TokenRowsFile headInputs = TokenRowsFile.Open(headInputsPath);
        using MambaLanguageModel original = MambaLanguageModels.LoadFloatEnds(Kernels, bench.Checkpoint);
        return Score(session, pass, windows, hidden, ends, ReferenceLogits, reporter, stop);

        Tensor ReferenceLogits(int row, int count)
        {
            using Tensor rows = headInputs.Rows(Kernels, row, count);
            return original.NormedLogits(Kernels, rows);
        }
    }

    /// <summary>Scores batch by batch, so that the head's progress is told and it can be stopped.</summary>
    private WindowScore[] Score(
        ItemSession session,
        WindowPass pass,
        IReadOnlyList<ReadOnlyMemory<int>> windows,
        HiddenStates hidden,
        MambaLanguageModel ends,
        Func<int, int, Tensor>? reference,
        ItemReporter reporter,
        CancellationToken stop)
    {
        using Activity? group = Tracing.Group(KernelGroups.Score);
        var count = new TokenCount(session.Item.Kind);
        var scorer = new WindowScorer(Kernels, bench.Config.VocabularySize, EvaluationRule.LogitsAtOnce);
        int firstOfShard = bench.Plan.Evaluation!.Shard(session.Item.Shard).First;
        var scores = new List<WindowScore>(windows.Count);
        int rowsBefore = 0;
        foreach (Tensor batch in hidden.Batches)
        {
            stop.ThrowIfCancellationRequested();
            session.Abandon.ThrowIfCancellationRequested();
            reporter.Report(pass.Total - pass.Tokens + rowsBefore, pass.Total, "tokens");
            int place = rowsBefore;
            scores.AddRange(scorer.Score(
                [.. windows.Skip(scores.Count).Take(batch.Shape[0])],
                firstOfShard + scores.Count,
                (row, count) => Logits(ends, batch, row, count),
                reference is null ? null : (row, count) => reference(place + row, count)));
            rowsBefore += batch.Shape.Rows;
            count.Reach(rowsBefore);
        }

        reporter.Report(pass.Total, pass.Total, "tokens");
        return [.. scores];
    }

    private Tensor Logits(MambaLanguageModel ends, Tensor batch, int row, int count)
    {
        using Tensor matrix = Kernels.Reshape(batch, new Shape(batch.Shape.Rows, batch.Shape.Columns));
        using Tensor rows = Kernels.Rows(matrix, row, count);
        return ends.HeadLogits(Kernels, rows);
    }

    private HiddenStates EmbedFloat(IReadOnlyList<ReadOnlyMemory<int>> windows)
    {
        using MambaLanguageModel ends = MambaLanguageModels.LoadFloatEnds(Kernels, bench.Checkpoint);
        return HiddenStates.OfWindows(Kernels, windows, (_, tokens) => ends.Embeddings.Gather(Kernels, tokens), EvaluationRule.TokensAtOnce);
    }

    private async Task<HiddenStates> EmbedQuantizedAsync(ItemSession session, IReadOnlyList<ReadOnlyMemory<int>> windows)
    {
        using MambaLanguageModel ends = await QuantizedEndsAsync(session);
        return HiddenStates.OfWindows(Kernels, windows, (_, tokens) => ends.Embeddings.Gather(Kernels, tokens), EvaluationRule.TokensAtOnce);
    }

    private async Task<MambaLanguageModel> QuantizedEndsAsync(ItemSession session)
    {
        WorkItem producer = bench.Plan.Find(WorkKind.Quantize, bench.Config.LayerCount)!;
        QuantizedEndsLayout layout = QuantizedEndsLayout.Planned(bench.Family, bench.Recipe, bench.Checkpoint.HasSeparateHead);
        string embeddings = Path.Combine(bench.Options.ScratchPath, $"{session.Item.Index}-{ItemOutputs.Embeddings}");
        try
        {
            await session.FetchAsync(producer, ItemOutputs.Embeddings, embeddings);
            QuantizedEnds ends = await session.ReadAsync(
                producer, ItemOutputs.Head, head => QuantizedParts.ReadEnds(embeddings, head, Kernels, bench.Config, layout));
            return QuantizedLanguageModel.Build(Kernels, bench.Config, [], ends, QuantizedArithmetic.Integer);
        }
        finally
        {
            File.Delete(embeddings);
        }
    }

    private async Task<LoadedBlock> TakeQuantizedAsync(ItemSession session, int layer)
    {
        if (bench.Cache.Take<LoadedBlock>(QuantizedName(layer)) is { } kept)
        {
            return kept;
        }

        QuantizedLayerLayout layout = QuantizedLayerLayout.Planned(bench.Family, bench.Recipe);
        QuantizedLayer quantized = await session.ReadAsync(
            bench.Plan.Find(WorkKind.Quantize, layer)!, ItemOutputs.Layer, path => QuantizedParts.ReadLayer(path, Kernels, bench.Config, layout, layer));
        return new LoadedBlock(QuantizedBlock.Build(Kernels, bench.Config, quantized, QuantizedArithmetic.Integer), quantized);
    }

    private void KeepQuantized(int layer, LoadedBlock block) =>
        bench.Cache.Put(QuantizedName(layer), block, (long)ModelOperations.LayerWeights(bench.Config));

    private static string QuantizedName(int layer) => $"quantized-{layer}";
}
