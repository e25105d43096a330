using System.Collections.Immutable;
using System.Globalization;
using MambaQuant.Pipeline.Artifacts;
using MambaQuant.Pipeline.Planning;

namespace MambaQuant.Pipeline.Tests.Simulation;

/// <summary>Made-up graphs in the likeness of plans: passes over a grid of blocks and shards, with a reduction behind each.</summary>
internal static class GridGraphs
{
    /// <summary>Passes of blocks × shards; the items of a pass need the reduction of the pass before, and their own shard's block before.</summary>
    public static WorkGraph Passes(int passes, int blocks, int shards, WorkCost observed, WorkCost reduced)
    {
        ImmutableArray<WorkItem>.Builder items = ImmutableArray.CreateBuilder<WorkItem>(passes * ((blocks * shards) + 1));
        int reduction = -1;
        for (int pass = 0; pass < passes; pass++)
        {
            WorkKind kind = pass == 0 ? WorkKind.ObserveOriginal : WorkKind.ObserveTransformed;
            for (int block = 0; block < blocks; block++)
            {
                for (int shard = 0; shard < shards; shard++)
                {
                    int before = block == 0 ? reduction : items.Count - shards;
                    Add(kind, block * 4, 4, shard, before < 0 ? [] : [before], observed);
                }
            }

            Add(WorkKind.ReduceOriginal, -1, 0, -1, [.. Enumerable.Range(items.Count - shards, shards)], reduced);
            reduction = items.Count - 1;
        }

        return new WorkGraph(items.ToImmutable());

        void Add(WorkKind kind, int first, int count, int shard, ImmutableArray<int> needs, WorkCost cost) => items.Add(new WorkItem(
            items.Count, kind, first, count, shard, new ArtifactKey(items.Count.ToString("x64", CultureInfo.InvariantCulture)), needs, cost));
    }
}
