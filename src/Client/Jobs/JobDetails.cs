using System.Collections.Immutable;
using MambaQuant.Client.Output;
using MambaQuant.Client.Planning;
using MambaQuant.Pipeline.Artifacts;
using MambaQuant.Pipeline.Planning;
using MambaQuant.Pipeline.Scheduling;
using MambaQuant.Pipeline.Simulation;

namespace MambaQuant.Client.Jobs;

/// <summary>What <c>jobs show</c> prints: a job as its journal tells it.</summary>
internal sealed record JobDetails
{
    /// <summary>The job in short.</summary>
    public required JobReport Job { get; init; }

    /// <summary>Calibration sequences.</summary>
    public required int Samples { get; init; }

    /// <summary>Tokens of each.</summary>
    public required int SequenceLength { get; init; }

    /// <summary>Blocks of layers.</summary>
    public required int Blocks { get; init; }

    /// <summary>Shards of the sequences.</summary>
    public required int Shards { get; init; }

    /// <summary>From the first to the last record, without the time in which nobody drove the job.</summary>
    public required double Seconds { get; init; }

    /// <summary>Workers that ever worked on it.</summary>
    public required int WorkersSeen { get; init; }

    /// <summary>Its items by kind.</summary>
    public required ImmutableArray<JobKindReport> Kinds { get; init; }

    /// <summary>Items that were tried more than once, the most often tried first: item and number of attempts.</summary>
    public required ImmutableArray<string> Repeated { get; init; }

    /// <summary>Reads a job.</summary>
    /// <param name="store">The store.</param>
    /// <param name="job">Its identity.</param>
    /// <param name="cancellation">Stops the reading.</param>
    /// <exception cref="InvalidPlanException">The plan is missing, damaged, or of another program.</exception>
    /// <exception cref="InvalidJournalException">The journal is damaged.</exception>
    /// <exception cref="ArtifactStoreException">The store cannot be read, or a chunk of the journal is corrupt.</exception>
    public static JobDetails Read(IArtifactStore store, string job, CancellationToken cancellation)
    {
        WorkPlan plan = StoredPlans.ReadAsync(store, job, cancellation).GetAwaiter().GetResult();
        JournalReplay journal = Journal.ReplayAsync(store, job, plan.Graph, cancellation).GetAwaiter().GetResult();
        return Of(plan, journal.State, RecordedRun.Read(journal.Records));
    }

    /// <summary>Prints it for people.</summary>
    /// <param name="output">Where to.</param>
    public void Write(TextWriter output)
    {
        output.WriteLine($"job        {Job.Job}, {Job.State}{(Job.Cause.Length > 0 ? $": {Job.Cause}" : "")}");
        output.WriteLine($"model      {Job.Model}, {Job.Recipe} {Job.Scheme}, calibrated on {Samples:N0} × {SequenceLength:N0} tokens, {Blocks} × {Shards} (blocks of layers × shards)");
        output.WriteLine($"items      {Job.Done:N0} of {Job.Items:N0} done, in {RateText.Time(Seconds)} with {WorkersSeen} {(WorkersSeen == 1 ? "worker" : "workers")}{(Job.Workers > 0 ? $", {Job.Workers} of them at it or killed" : "")}");
        output.WriteLine();
        TextTable table = new("kind", "items", "done", "running", "attempts", "repeated", "time", "longest");
        foreach (JobKindReport kind in Kinds)
        {
            table.Add(
                $"{kind.Kind}", $"{kind.Items:N0}", $"{kind.Done:N0}", $"{kind.Running:N0}", $"{kind.Attempts:N0}", $"{kind.Repeated:N0}", RateText.Time(kind.Seconds), RateText.Time(kind.LongestSeconds));
        }

        table.Write(output);
        foreach (string repeated in Repeated)
        {
            output.WriteLine(repeated);
        }
    }

    private static JobDetails Of(WorkPlan plan, SchedulerState state, RecordedRun run)
    {
        bool isKnown = state.Status != JobStatus.Absent;
        ILookup<int, RecordedAttempt> attempts = run.Attempts.ToLookup(attempt => attempt.Item);
        return new JobDetails
        {
            Job = JobReport.Of(plan, state),
            Samples = plan.Request.Calibration.Samples,
            SequenceLength = plan.Request.Calibration.SequenceLength,
            Blocks = plan.Grid.Blocks,
            Shards = plan.Grid.Shards,
            Seconds = run.Duration.TotalSeconds,
            WorkersSeen = run.Attempts.Select(attempt => attempt.Worker).Concat(state.PresentWorkers).Distinct().Count(),
            Kinds =
            [
                .. plan.Graph.Items.GroupBy(item => item.Kind).Select(kind =>
                {
                    RecordedAttempt[] ended = [.. kind.SelectMany(item => attempts[item.Index])];
                    double[] seconds = [.. ended.Where(attempt => attempt.Counted).Select(attempt => (attempt.Ended - attempt.Began).TotalSeconds)];
                    return new JobKindReport(
                        kind.Key,
                        kind.Count(),
                        isKnown ? kind.Count(item => state.StatusOf(item.Index) == ItemStatus.Done) : 0,
                        isKnown ? kind.Count(item => state.StatusOf(item.Index) == ItemStatus.Running) : 0,
                        ended.Length,
                        ended.Length - seconds.Length,
                        seconds.Sum(),
                        seconds.DefaultIfEmpty(0).Max());
                }),
            ],
            Repeated =
            [
                .. attempts.Where(item => item.Count() > 1)
                    .OrderByDescending(item => item.Count())
                    .Select(item => $"{plan.Graph.Items[item.Key].Label}: {item.Count()} attempts"),
            ],
        };
    }
}
