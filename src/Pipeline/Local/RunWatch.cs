using System.Collections.Immutable;
using MambaQuant.Pipeline.Artifacts;
using MambaQuant.Pipeline.Driving;

namespace MambaQuant.Pipeline.Local;

/// <summary>The jobs of one run of the embedded engine, for those who watch them from other threads. Thread-safe.</summary>
public sealed class RunWatch
{
    private readonly TaskCompletionSource _begun = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private volatile State _state = new([], null);

    /// <summary>Ends when the run has planned its jobs and opened its store.</summary>
    public Task Begun => _begun.Task;

    /// <summary>The jobs in the order in which they run; empty before <see cref="Begun"/>.</summary>
    public ImmutableArray<JobWatch> Jobs => _state.Jobs;

    /// <summary>The run's store; null before <see cref="Begun"/>.</summary>
    public IArtifactStore? Store => _state.Store;

    /// <summary>Is called once, where the run is about to take its store away: whoever watches reads what it will still be asked for. Short: the run waits for it.</summary>
    public Action? Closing { get; set; }

    /// <summary>A job of the run.</summary>
    /// <param name="job">Its identity.</param>
    /// <returns>Null where there is none.</returns>
    public JobWatch? Find(string job) => Jobs.FirstOrDefault(watch => watch.Plan.Id == job);

    /// <summary>The run begins.</summary>
    /// <param name="jobs">Its jobs.</param>
    /// <param name="store">Its store.</param>
    internal void Begin(ImmutableArray<JobWatch> jobs, IArtifactStore store)
    {
        _state = new State(jobs, store);
        _begun.TrySetResult();
    }

    /// <summary>The run takes its store away.</summary>
    internal void Close() => Closing?.Invoke();

    private sealed record State(ImmutableArray<JobWatch> Jobs, IArtifactStore? Store);
}
