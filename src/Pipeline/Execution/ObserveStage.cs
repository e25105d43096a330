using MambaQuant.Pipeline.Artifacts;
using MambaQuant.Pipeline.Planning;
using MambaQuant.Quant.Method;
using MambaQuant.Quant.Models;
using MambaQuant.Quant.Rotations;
using MambaQuant.Quant.Statistics;
using MambaQuant.Quant.Tensors;

namespace MambaQuant.Pipeline.Execution;

/// <summary>Runs a block of layers over a shard, layer by layer, and puts what it observes of each as soon as it is there.</summary>
/// <remarks>
/// The hidden states of the shard stay in memory. Every so many layers they go into a progress checkpoint, from which an interrupted item
/// goes on. An item of the original pass makes in the same forward pass what is still to be done of the items that observe the same
/// layers and shard for reports and GPTQ, and leaves them done.
/// </remarks>
/// <param name="bench">What the worker has.</param>
internal sealed class ObserveStage(Workbench bench)
{
    /// <summary>Runs an item.</summary>
    /// <param name="session">The item.</param>
    /// <param name="companions">Items that observe the same layers and shard and are still to be done.</param>
    /// <param name="reporter">Hears how far it is.</param>
    /// <param name="stop">Ends it behind the layer that runs; what was done is kept where that pays.</param>
    /// <returns>The receipts.</returns>
    public async Task<ItemReceipt> RunAsync(ItemSession session, List<ItemSession> companions, ItemReporter reporter, CancellationToken stop)
    {
        WorkItem item = session.Item;
        bool isTransformed = item.Kind is WorkKind.ObserveTransformed or WorkKind.ObserveRotated;
        Rotation? residual = isTransformed ? await bench.ResidualAsync(session) : null;
        using EndsFolder? ends = bench.Ends(residual);
        var pass = new ObservedPass(bench, session, companions, residual, ends, reporter);
        if (pass.HasNothingToDo)
        {
            return await session.CompleteAsync(tokens: 0);
        }

        (LoadedHidden loaded, int layer) = await BeginAsync(pass);
        bool isHandedOn = false;
        try
        {
            loaded = await RunLayersAsync(pass, loaded, layer, reporter, stop);
            await EndAsync(pass, loaded);
            ItemReceipt receipt = await CompleteAsync(pass);
            isHandedOn = pass.HandsOn;
            return receipt;
        }
        finally
        {
            if (isHandedOn)
            {
                bench.Cache.Put(WorkPlan.NameOf(item.Key, ItemOutputs.Hidden), loaded, pass.Tokens * ModelOperations.HiddenBytes(bench.Config));
            }
            else
            {
                loaded.Dispose();
            }
        }
    }

    private static async Task<ItemReceipt> CompleteAsync(ObservedPass pass)
    {
        long tokens = pass.Tokens * pass.Item.Count;
        foreach (ItemSession companion in pass.Companions)
        {
            await companion.CompleteAsync(tokens);
        }

        ItemReceipt receipt = await pass.Session.CompleteAsync(tokens);
        foreach (int layer in await pass.Session.ProgressAsync())
        {
            await pass.Session.ForgetProgressAsync(layer);
        }

        return receipt;
    }

    private async Task<(LoadedHidden Loaded, int Layer)> BeginAsync(ObservedPass pass)
    {
        foreach (int layer in Enumerable.Reverse(await pass.Session.ProgressAsync()))
        {
            if (await ResumeAsync(pass, layer) is { } resumed)
            {
                return (resumed, layer);
            }
        }

        return (await pass.LoadAsync(), pass.Item.First);
    }

    /// <summary>Takes up where an interrupted run stopped, if all that it had put is still there.</summary>
    private async Task<LoadedHidden?> ResumeAsync(ObservedPass pass, int layer)
    {
        string[] outputs = [.. pass.OutputsBefore(layer)];
        ArtifactInfo?[] found = new ArtifactInfo?[outputs.Length];
        for (int i = 0; i < outputs.Length; i++)
        {
            found[i] = await pass.Session.HeadAsync(outputs[i]);
            if (found[i] is null)
            {
                return null;
            }
        }

        LoadedHidden? loaded = await pass.Session.TryReadOwnAsync(ItemOutputs.Progress(layer), pass.ReadHidden);
        if (loaded is not null)
        {
            outputs.Zip(found).ToList().ForEach(output => pass.Session.Adopt(output.First, output.Second!));
            await pass.ResumeCompanionsAsync(layer);
        }

        return loaded;
    }

    private async Task<LoadedHidden> RunLayersAsync(
        ObservedPass pass, LoadedHidden loaded, int layer, ItemReporter reporter, CancellationToken stop)
    {
        int last = pass.Item.First + pass.Item.Count;
        int between = bench.Options.ProgressLayers ?? ProgressRule.LayersBetween(bench.Config, pass.Tokens, pass.Item.Count);
        int saved = layer, checkpoint = layer > pass.Item.First ? layer : -1;
        reporter.Checkpoint = layer - pass.Item.First;
        for (; layer < last; layer++)
        {
            if (stop.IsCancellationRequested)
            {
                bool pays = bench.Options.ProgressLayers is null ? ProgressRule.PaysWhenStopped(bench.Config, layer - saved) : between > 0;
                if (layer > saved && pays)
                {
                    await pass.SaveAsync(loaded, layer, checkpoint);
                }

                throw new OperationCanceledException(stop);
            }

            loaded = await pass.RunLayerAsync(loaded, layer);
            if (between > 0 && layer + 1 - saved >= between && layer + 1 < last)
            {
                await pass.SaveAsync(loaded, layer + 1, checkpoint);
                saved = checkpoint = layer + 1;
                reporter.Checkpoint = saved - pass.Item.First;
            }
        }

        return loaded;
    }

    /// <summary>What comes behind the last layer of the block: the final norm, or the next block.</summary>
    private async Task EndAsync(ObservedPass pass, LoadedHidden loaded)
    {
        if (pass.Item.Kind == WorkKind.ObserveRotated)
        {
            return;
        }

        if (pass.ReachesEnds)
        {
            using Tensor norm = pass.Ends?.FinalNorm() ?? bench.Checkpoint.LoadFinalNorm(bench.Kernels);
            LayerStatistics head = NormObservation.Observe(
                pass.Context, pass.Plan, bench.Config.LayerCount, loaded.Hidden, ActivationSite.HeadInput, norm);
            SecondMoment? pool = await pass.PutAsync(head, loaded.Pool, pass.Item.Kind != WorkKind.ObserveOriginal);
            if (pool is not null)
            {
                await pass.Session.PutAsync(ItemOutputs.Pool, PoolFile.Of(bench.Config.LayerCount, pool).Write);
            }
        }
        else if (pass.HandsOn)
        {
            await pass.HandOnAsync(loaded);
        }
    }
}
