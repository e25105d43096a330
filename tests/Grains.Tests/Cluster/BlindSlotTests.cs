using MambaQuant.Grains.Contracts;
using MambaQuant.Grains.Workers;
using MambaQuant.Pipeline.Execution;
using MambaQuant.Pipeline.Inputs;
using MambaQuant.Pipeline.Planning;
using MambaQuant.Pipeline.Scheduling;
using MambaQuant.Testing;
using Xunit;

namespace MambaQuant.Grains.Tests.Cluster;

/// <summary>Slots that do not see a job's plan or request, as those of a store that is behind, or of another version of the program.</summary>
[Collection(OneClusterAtATime.Name)]
public sealed class BlindSlotTests : IDisposable
{
    private readonly SmallJob _small = new();

    public void Dispose() => _small.Dispose();

    [Fact]
    public async Task Job_OutlivesSlotsThatDoNotSeeIt()
    {
        var executors = new BlindExecutors();
        await using SmallCluster cluster = await SmallCluster.StartAsync(
            silos: 1, slots: 1, executors: executors, scheduling: new SchedulerOptions { Lease = TimeSpan.FromSeconds(5), Heartbeat = TimeSpan.FromSeconds(0.5), BackOffBase = TimeSpan.FromMilliseconds(50) });
        WorkPlan plan = await _small.PutAsync(cluster.Store);

        await cluster.SubmitAsync(plan.Id);
        JobView view = await cluster.WatchAsync(plan.Id);

        Assert.True(view.Phase == JobPhase.Finished, SmallCluster.Tell(view));
        Assert.Equal(2, executors.Blind);
    }

    /// <summary>Finds no request, then no plan, then both.</summary>
    private sealed class BlindExecutors : IExecutorFactory
    {
        private readonly RequestedExecutorFactory _executors = new();
        private int _opened;

        public int Blind { get; private set; }

        public Task<WorkExecutor> OpenAsync(ExecutorPlace place, CancellationToken cancellation)
        {
            switch (++_opened)
            {
                case 1:
                    Blind++;
                    throw new InvalidRequestException("no request");
                case 2:
                    Blind++;
                    throw new InvalidPlanException("no plan");
                default:
                    return _executors.OpenAsync(place, cancellation);
            }
        }
    }
}
