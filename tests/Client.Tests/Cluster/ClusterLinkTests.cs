using MambaQuant.Client.Cluster;
using MambaQuant.Client.Failures;
using MambaQuant.Grains.Contracts;
using Xunit;

namespace MambaQuant.Client.Tests.Cluster;

public sealed class ClusterLinkTests
{
    private static readonly JobView View = new() { Job = "a", Phase = JobPhase.Running };

    private readonly List<string> _said = [];

    [Fact]
    public async Task LostConnection_IsMadeAnew_AndSaidOnce()
    {
        ScriptedCluster cluster = new ScriptedCluster().Then(
            () => View, () => throw new TimeoutException("late"), () => throw new Orleans.Runtime.SiloUnavailableException("gone"), () => throw new IOException("cut"), () => View);
        await using ClusterLink link = Link(cluster);

        await Call(link, patience: null);
        await Call(link, patience: null);

        Assert.Equal(["connection lost, trying again", "connected again"], _said);
        Assert.Equal((4, 3), (cluster.Connections, cluster.Closed));
    }

    [Fact]
    public async Task NobodyThere_EndsAfterTheCallersPatience_AndNamesTheCluster()
    {
        ScriptedCluster cluster = new ScriptedCluster().Then(() => throw new TimeoutException("nobody listens."));
        await using ClusterLink link = Link(cluster);

        ClusterException fault = await Assert.ThrowsAsync<ClusterException>(() => Call(link, TimeSpan.FromMilliseconds(50)));

        Assert.Equal(ExitCodes.ClusterUnavailable, fault.ExitCode);
        Assert.StartsWith("the cluster does not answer: nobody listens. Check that its silos run", fault.Message, StringComparison.Ordinal);
        Assert.Equal(["the cluster does not answer, trying again"], _said);
        Assert.True(cluster.Connections > 1);
    }

    [Fact]
    public async Task OtherFailures_AreNotTriedAgain()
    {
        ScriptedCluster cluster = new ScriptedCluster().Then(() => throw new InvalidOperationException("a bug"));
        await using ClusterLink link = Link(cluster);

        await Assert.ThrowsAsync<InvalidOperationException>(() => Call(link, patience: null));
        Assert.Equal(1, cluster.Connections);
    }

    [Fact]
    public async Task Cancellation_EndsTheWaitingAtOnce()
    {
        ScriptedCluster cluster = new ScriptedCluster().Then(() => throw new TimeoutException("late"));
        await using ClusterLink link = Link(cluster);
        using CancellationTokenSource stop = new(TimeSpan.FromMilliseconds(50));

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => link.CallAsync(one => one.ViewAsync("a", 0, TimeSpan.Zero), patience: null, stop.Token));
    }

    [Fact]
    public async Task ConnectionThatNobodyAnswers_EndsWithTheCallersPatience()
    {
        await using var link = new ClusterLink(
            "the cluster",
            async cancellation =>
            {
                await Task.Delay(Timeout.Infinite, cancellation);
                throw new InvalidOperationException("nobody is waited for this long");
            },
            TimeProvider.System);

        ClusterException fault = await Assert.ThrowsAsync<ClusterException>(() => Call(link, TimeSpan.FromMilliseconds(100)).WaitAsync(TimeSpan.FromSeconds(60)));

        Assert.Equal(ExitCodes.ClusterUnavailable, fault.ExitCode);
        Assert.Contains("nobody took the connection in time", fault.Message, StringComparison.Ordinal);
    }

    private ClusterLink Link(ScriptedCluster cluster)
    {
        ClusterLink link = cluster.Link();
        link.Say = _said.Add;
        return link;
    }

    private static Task<JobView> Call(ClusterLink link, TimeSpan? patience) => link.CallAsync(cluster => cluster.ViewAsync("a", 0, TimeSpan.Zero), patience, CancellationToken.None);
}
