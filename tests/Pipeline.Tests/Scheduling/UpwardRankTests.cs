using MambaQuant.Pipeline.Planning;
using MambaQuant.Pipeline.Scheduling;
using Xunit;

namespace MambaQuant.Pipeline.Tests.Scheduling;

public sealed class UpwardRankTests
{
    [Fact]
    public void Rank_IsTheLongestWayToAnEnd()
    {
        foreach (int seed in Enumerable.Range(0, 50))
        {
            WorkGraph graph = RandomGraphs.Any(new Random(seed), 12);
            double[] seconds = [.. graph.Items.Select(item => 1.0 + (item.Index * 37 % 11))];

            double[] ranks = [.. UpwardRank.Of(graph, item => seconds[item.Index])];

            Assert.Equal([.. graph.Items.Select(item => LongestWay(graph, seconds, item.Index))], ranks);
        }
    }

    [Fact]
    public void NominalSeconds_WeighOperationsAgainstBytes()
    {
        Assert.Equal(2.0, UpwardRank.NominalSeconds(new WorkCost(1e13, 0, 0, 0, 1 << 30)));
        Assert.Equal(1.5, UpwardRank.NominalSeconds(new WorkCost(0, 1_000_000_000, 1_000_000_000, 1_000_000_000, 0)));
    }

    /// <summary>Every way is tried.</summary>
    private static double LongestWay(WorkGraph graph, double[] seconds, int from) =>
        seconds[from] + graph.Items.Where(item => item.Needs.Contains(from)).Select(item => LongestWay(graph, seconds, item.Index)).DefaultIfEmpty(0).Max();
}
