using System.Collections.Immutable;
using MambaQuant.Client.Cluster;
using MambaQuant.Grains.Contracts;

namespace MambaQuant.Client.Tests.Cluster;

/// <summary>A cluster that answers what a test says, view after view; the last one again and again.</summary>
internal sealed class ScriptedCluster : ICluster
{
    private readonly Queue<Func<JobView>> _views = new();

    /// <summary>Slots.</summary>
    public ImmutableArray<SlotDescription> Slots { get; set; } = [];

    /// <summary>Jobs.</summary>
    public ImmutableArray<JobSummary> Jobs { get; set; } = [];

    /// <summary>The answer to a submission.</summary>
    public SubmitReply Reply { get; set; } = new() { IsAccepted = true };

    /// <summary>Times that somebody connected.</summary>
    public int Connections { get; private set; }

    /// <summary>Connections that are closed.</summary>
    public int Closed { get; private set; }

    /// <summary>Versions that watchers said they know.</summary>
    public List<long> Asked { get; } = [];

    /// <summary>Adds answers.</summary>
    /// <param name="views">What is answered, or thrown.</param>
    public ScriptedCluster Then(params Func<JobView>[] views)
    {
        foreach (Func<JobView> view in views)
        {
            _views.Enqueue(view);
        }

        return this;
    }

    /// <summary>A link to it that does not pause.</summary>
    public ClusterLink Link() => new(
        "the cluster",
        _ =>
        {
            Connections++;
            return Task.FromResult<ICluster>(this);
        },
        TimeProvider.System,
        TimeSpan.FromMilliseconds(1));

    /// <inheritdoc/>
    public Task<ImmutableArray<SlotDescription>> SlotsAsync() => Task.FromResult(Slots);

    /// <inheritdoc/>
    public Task<SubmitReply> SubmitAsync(string job, string store, int round) => Task.FromResult(Reply);

    /// <inheritdoc/>
    public Task<JobView> ViewAsync(string job, long after, TimeSpan wait)
    {
        Asked.Add(after);
        return Task.FromResult((_views.Count > 1 ? _views.Dequeue() : _views.Peek())());
    }

    /// <inheritdoc/>
    public Task<JobPhase> CancelAsync(string job, string cause) => Task.FromResult(JobPhase.Cancelled);

    /// <inheritdoc/>
    public Task<ImmutableArray<JobSummary>> ListAsync() => Task.FromResult(Jobs);

    /// <inheritdoc/>
    public ValueTask DisposeAsync()
    {
        Closed++;
        return ValueTask.CompletedTask;
    }
}
