using MambaQuant.Grains.Contracts;
using MambaQuant.Pipeline.Planning;
using MambaQuant.Testing;
using Xunit;

namespace MambaQuant.Grains.Tests.Cluster;

/// <summary>Jobs from their submission to their end.</summary>
[Collection(OneClusterAtATime.Name)]
public sealed class WholeJobTests : IDisposable
{
    private readonly SmallJob _small = new();

    [Fact]
    public async Task Job_OverTwoSilosMakesTheBytesOfTheEmbeddedEngine()
    {
        await using SmallCluster cluster = await SmallCluster.StartAsync();
        WorkPlan plan = await _small.PutAsync(cluster.Store);

        await cluster.SubmitAsync(plan.Id);
        JobView view = await cluster.WatchAsync(plan.Id);

        Assert.True(view.Phase == JobPhase.Finished, SmallCluster.Tell(view));
        IReadOnlyDictionary<string, byte[]> expected = _small.ExpectedFiles(), made = await cluster.FilesAsync(plan);
        Assert.Equal(expected.Keys.Order(), made.Keys.Order());
        Assert.All(expected, file => Assert.True(file.Value.AsSpan().SequenceEqual(made[file.Key]), $"{file.Key} differs"));
        Assert.Equal(plan.Graph.Items.Length, view.Made);
    }

    public void Dispose() => _small.Dispose();
}
