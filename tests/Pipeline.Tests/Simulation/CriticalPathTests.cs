using System.Collections.Immutable;
using MambaQuant.Pipeline.Planning;
using MambaQuant.Pipeline.Simulation;
using Xunit;

namespace MambaQuant.Pipeline.Tests.Simulation;

public sealed class CriticalPathTests
{
    [Fact]
    public void Path_IsTheLongestChain_NotTheOneOfMostItems()
    {
        // 0 → 1 → 2 → 5 takes 4 s, 0 → 3 → 5 takes 12 s, 4 stands alone.
        WorkGraph graph = Graph([], [0], [1], [0], [], [2, 3]);
        double[] seconds = [1, 1, 1, 10, 9, 1];

        Assert.Equal([0, 3, 5], CriticalPath.Of(graph, item => seconds[item.Index]).Select(item => item.Index));
    }

    [Fact]
    public void EqualChains_GiveTheFirst() =>
        Assert.Equal([0, 1, 3], CriticalPath.Of(Graph([], [0], [0], [1, 2]), _ => 1).Select(item => item.Index));

    [Fact]
    public void NoWork_HasNoPath() => Assert.Empty(CriticalPath.Of(new WorkGraph([]), _ => 1));

    private static WorkGraph Graph(params int[][] needs) => new(
        [.. needs.Select((need, index) => new WorkItem(index, WorkKind.Quantize, index, 1, -1, default, [.. need], default))]);
}
