using MambaQuant.Client.Jobs;
using MambaQuant.Client.Planning;
using MambaQuant.Pipeline.Artifacts;
using MambaQuant.Pipeline.Planning;
using MambaQuant.Pipeline.Scheduling;
using MambaQuant.Pipeline.Simulation;

namespace MambaQuant.Client.Simulating;

/// <summary>A job of a store, with what its journal tells of its run.</summary>
/// <param name="Job">Its plan.</param>
/// <param name="Run">Its run.</param>
internal sealed record RecordedJob(PlannedJob Job, RecordedRun Run)
{
    /// <summary>Reads a job.</summary>
    /// <param name="store">The store.</param>
    /// <param name="job">Its identity, or enough of its first digits.</param>
    /// <param name="cancellation">Stops the reading.</param>
    /// <exception cref="Failures.UsageException">There is no such job.</exception>
    /// <exception cref="InvalidPlanException">The plan cannot be read by this program.</exception>
    /// <exception cref="InvalidJournalException">The journal is damaged.</exception>
    /// <exception cref="ArtifactStoreException">The store cannot be read, or the plan is missing.</exception>
    public static RecordedJob Read(IArtifactStore store, string job, CancellationToken cancellation)
    {
        string found = JobStore.Find(store, job, cancellation);
        WorkPlan plan = StoredPlans.ReadAsync(store, found, cancellation).GetAwaiter().GetResult();
        JournalReplay journal = Journal.ReplayAsync(store, found, plan.Graph, cancellation).GetAwaiter().GetResult();
        return new RecordedJob(new PlannedJob(plan, ""), RecordedRun.Read(journal.Records));
    }

    /// <summary>The run in short.</summary>
    public RecordedReport ToReport() => new(
        Job.Plan.Id,
        JobReport.Of(Job.Plan, Run.End).State,
        Run.Duration.TotalSeconds,
        Run.Attempts.Select(attempt => attempt.Worker).Distinct().Count(),
        Run.Attempts.Length,
        Run.Seconds.Count);
}
