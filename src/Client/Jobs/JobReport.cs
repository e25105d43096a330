using MambaQuant.Pipeline.Artifacts;
using MambaQuant.Pipeline.Planning;
using MambaQuant.Pipeline.Scheduling;

namespace MambaQuant.Client.Jobs;

/// <summary>A job of a store, in short.</summary>
internal sealed record JobReport
{
    /// <summary>The state of a job that has begun and neither come to an end nor been left by its workers: they are at it, or were killed.</summary>
    public const string NotEnded = "not ended";

    /// <summary>The state of a job whose plan or journal cannot be read.</summary>
    public const string Unreadable = "unreadable";

    /// <summary>Its identity.</summary>
    public required string Job { get; init; }

    /// <summary>Name of the model; null where the plan cannot be read.</summary>
    public string? Model { get; init; }

    /// <summary>Name of the recipe.</summary>
    public string? Recipe { get; init; }

    /// <summary>Name of the scheme.</summary>
    public string? Scheme { get; init; }

    /// <summary>How it stands: planned, not ended, interrupted, finished, failed, stopped, or unreadable.</summary>
    public required string State { get; init; }

    /// <summary>What people should know: why it failed, or cannot be read; otherwise empty.</summary>
    public required string Cause { get; init; }

    /// <summary>Items done, as the journal tells.</summary>
    public int Done { get; init; }

    /// <summary>Items of the plan.</summary>
    public int Items { get; init; }

    /// <summary>Workers that have not left it, as far as the journal knows: they are at it, or were killed.</summary>
    public int Workers { get; init; }

    /// <summary>Reads a job.</summary>
    /// <param name="store">The store.</param>
    /// <param name="job">Its identity.</param>
    /// <param name="cancellation">Stops the reading.</param>
    /// <exception cref="ArtifactStoreException">The store cannot be read.</exception>
    public static JobReport Read(IArtifactStore store, string job, CancellationToken cancellation)
    {
        try
        {
            WorkPlan plan = StoredPlans.ReadAsync(store, job, cancellation).GetAwaiter().GetResult();
            return Of(plan, Journal.RecoverAsync(store, job, plan.Graph, cancellation).GetAwaiter().GetResult().State);
        }
        catch (Exception error) when (error is CorruptArtifactException or InvalidPlanException or InvalidJournalException)
        {
            return new JobReport { Job = job, State = Unreadable, Cause = error.Message };
        }
    }

    /// <summary>Reports a job.</summary>
    /// <param name="plan">Its plan.</param>
    /// <param name="state">What its journal tells.</param>
    public static JobReport Of(WorkPlan plan, SchedulerState state)
    {
        ArgumentNullException.ThrowIfNull(plan);
        ArgumentNullException.ThrowIfNull(state);
        return new JobReport
        {
            Job = plan.Id,
            Model = plan.Request.Model.Name,
            Recipe = plan.Request.Recipe.Name,
            Scheme = plan.Request.Recipe.Quantization?.Scheme.Name ?? "",
            State = StateOf(state),
            Cause = state.Cause,
            Done = state.DoneCount,
            Items = plan.Graph.Items.Length,
            Workers = state.Status == JobStatus.Running ? state.PresentWorkers.Count() : 0,
        };
    }

    private static string StateOf(SchedulerState state) => state.Status switch
    {
        JobStatus.Absent => "planned",
        JobStatus.Running => state.PresentWorkers.Any() ? NotEnded : "interrupted",
        JobStatus.Finished => "finished",
        JobStatus.Failed => "failed",
        _ => "stopped",
    };
}
