using System.Diagnostics;
using MambaQuant.Pipeline.Planning;
using MambaQuant.Pipeline.Telemetry;
using MambaQuant.Quant.Method;
using MambaQuant.Quant.Tensors;

namespace MambaQuant.Pipeline.Execution;

/// <summary>Runs the windows of a shard through the layers of a model, one after the other.</summary>
/// <remarks>
/// The residual stream of the shard stays in memory, and of the weights one layer. Every so many layers the stream goes into a progress
/// checkpoint, from which an interrupted item goes on, as in a pass that observes.
/// </remarks>
/// <param name="bench">What the worker has.</param>
/// <param name="session">The item.</param>
/// <param name="windows">Token ids, a window each.</param>
/// <param name="reporter">Hears how far it is.</param>
internal sealed class WindowPass(Workbench bench, ItemSession session, IReadOnlyList<ReadOnlyMemory<int>> windows, ItemReporter reporter)
{
    private readonly int _layers = bench.Config.LayerCount;
    private int _saved;

    /// <summary>Tokens of the windows.</summary>
    public long Tokens { get; } = windows.Sum(window => (long)window.Length);

    /// <summary>What is done when all is done: tokens of every layer, and of the head.</summary>
    public long Total => Tokens * (_layers + 1);

    /// <summary>Runs.</summary>
    /// <param name="embed">The residual stream before the first layer.</param>
    /// <param name="take">Gives a layer, ready to run.</param>
    /// <param name="keep">Takes it back; owned from then on.</param>
    /// <param name="stop">Ends it behind the layer that runs; what was done is kept where that pays.</param>
    /// <returns>The stream behind the last layer; the caller disposes it.</returns>
    public async Task<HiddenStates> RunAsync(
        Func<Task<HiddenStates>> embed, Func<int, Task<LoadedBlock>> take, Action<int, LoadedBlock> keep, CancellationToken stop)
    {
        HiddenStates hidden = await ResumeAsync() ?? await embed();
        bool isDone = false;
        try
        {
            await RunLayersAsync(hidden, take, keep, stop);
            isDone = true;
            return hidden;
        }
        finally
        {
            if (!isDone)
            {
                hidden.Dispose();
            }
        }
    }

    /// <summary>Removes the progress checkpoints of an item that is done.</summary>
    public async Task ForgetAsync()
    {
        foreach (int layer in await session.ProgressAsync())
        {
            await session.ForgetProgressAsync(layer);
        }
    }

    private async Task RunLayersAsync(HiddenStates hidden, Func<int, Task<LoadedBlock>> take, Action<int, LoadedBlock> keep, CancellationToken stop)
    {
        int between = bench.Options.ProgressLayers ?? ProgressRule.LayersBetween(bench.Config, Tokens, _layers);
        reporter.Checkpoint = _saved;
        for (int layer = _saved; layer < _layers; layer++)
        {
            if (stop.IsCancellationRequested)
            {
                if (layer > _saved && (bench.Options.ProgressLayers is null ? ProgressRule.PaysWhenStopped(bench.Config, layer - _saved) : between > 0))
                {
                    await SaveAsync(hidden, layer);
                }

                throw new OperationCanceledException(stop);
            }

            LoadedBlock block = await take(layer);
            try
            {
                using Activity? group = Tracing.Group(KernelGroups.Forward, layer);
                var count = new TokenCount(session.Item.Kind);
                int place = layer;
                hidden.Advance(bench.Kernels, block.Block, observer: null, Report, session.Abandon);

                void Report(long done)
                {
                    count.Reach(done);
                    reporter.Report((place * Tokens) + done, Total, "tokens");
                }
            }
            finally
            {
                keep(layer, block);
            }

            if (between > 0 && layer + 1 - _saved >= between && layer + 1 < _layers)
            {
                await SaveAsync(hidden, layer + 1);
            }
        }
    }

    private async Task<HiddenStates?> ResumeAsync()
    {
        foreach (int layer in Enumerable.Reverse(await session.ProgressAsync()))
        {
            if (await session.TryReadOwnAsync(ItemOutputs.Progress(layer), Read) is { } hidden)
            {
                _saved = layer;
                return hidden;
            }
        }

        return null;
    }

    private HiddenStates Read(string path)
    {
        using TokenRowsFile rows = TokenRowsFile.Open(path);
        return HiddenStates.OfWindows(bench.Kernels, windows, (first, tokens) => rows.Rows(bench.Kernels, first, tokens.Length), EvaluationRule.TokensAtOnce);
    }

    private async Task SaveAsync(HiddenStates hidden, int layer)
    {
        await session.PutProgressAsync(ItemOutputs.Progress(layer), path => TokenRowsFile.Write(path, bench.Kernels, hidden.Batches));
        if (_saved > 0)
        {
            await session.ForgetProgressAsync(_saved);
        }

        _saved = reporter.Checkpoint = layer;
    }
}
