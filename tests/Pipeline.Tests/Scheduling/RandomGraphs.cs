using System.Collections.Immutable;
using System.Globalization;
using MambaQuant.Pipeline.Artifacts;
using MambaQuant.Pipeline.Planning;

namespace MambaQuant.Pipeline.Tests.Scheduling;

/// <summary>Made-up work graphs.</summary>
internal static class RandomGraphs
{
    /// <summary>Any graph: some items, each needing a few of those before it.</summary>
    public static WorkGraph Any(Random random, int most)
    {
        int count = random.Next(1, most + 1);
        ImmutableArray<WorkItem>.Builder items = ImmutableArray.CreateBuilder<WorkItem>();
        for (int index = 0; index < count; index++)
        {
            int needs = Math.Min(index, random.Next(4));
            SortedSet<int> chosen = [.. Enumerable.Range(0, needs).Select(_ => random.Next(index))];
            var cost = new WorkCost(random.NextDouble() * 1e14, 0, random.Next(3) * 1000L, 0, random.Next(4) << 30);
            items.Add(new WorkItem(index, (WorkKind)random.Next(3), -1, 0, index, Key(index), [.. chosen], cost));
        }

        return new WorkGraph(items.ToImmutable());
    }

    private static ArtifactKey Key(int index) => new(index.ToString("x64", CultureInfo.InvariantCulture));
}
