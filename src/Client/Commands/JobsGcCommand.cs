using System.CommandLine;
using MambaQuant.Client.Failures;
using MambaQuant.Client.Jobs;
using MambaQuant.Client.Output;
using MambaQuant.Pipeline.Artifacts;
using MambaQuant.Pipeline.Execution;

namespace MambaQuant.Client.Commands;

/// <summary><c>jobs gc</c>: clears a store of what no job needs.</summary>
internal sealed class JobsGcCommand : VerbCommand
{
    private static readonly Option<string> Store = SharedOptions.Store();

    private static readonly Option<string[]> Job = new("--job")
    {
        Description = "A job to remove as well, with everything that no other job needs; may be given several times.",
        HelpName = "JOB",
    };

    private static readonly Option<bool> Delete = new("--delete") { Description = "Delete what was found. Without it nothing is deleted." };

    private static readonly Option<bool> Force = new("--force") { Description = "Remove a job also where workers may be at it, as its journal tells or because it cannot be read: for one whose process was killed." };

    private static readonly Option<OutputFormat> Format = SharedOptions.Format();

    /// <summary>Makes the verb.</summary>
    public JobsGcCommand()
        : base("gc", "Tells what no job of a store needs, and deletes it on demand.")
    {
        Option[] options = [Store, Job, Delete, Force, Format];
        foreach (Option option in options)
        {
            Options.Add(option);
        }
    }

    /// <inheritdoc/>
    public override int Run(ParseResult parse, CommandContext context)
    {
        IArtifactStore store = JobStore.Open(parse.GetRequiredValue(Store), context.Cancellation);
        string[] removed = [.. (parse.GetValue(Job) ?? []).Select(job => JobStore.Find(store, job, context.Cancellation)).Distinct()];
        foreach (string job in removed.Where(_ => !parse.GetValue(Force)))
        {
            EnsureIdle(JobReport.Read(store, job, context.Cancellation));
        }

        StoreGarbage garbage = StoreGarbage.FindAsync(store, removed.ToHashSet(), context.Cancellation).GetAwaiter().GetResult();
        int? deleted = parse.GetValue(Delete) ? garbage.DeleteAsync(context.Cancellation).GetAwaiter().GetResult() : null;
        GarbageReport report = GarbageReport.Of(store.Description, garbage, removed, deleted);
        if (parse.GetValue(Format) == OutputFormat.Json)
        {
            JsonOutput.Write(context.Output, report, ClientJson.Default.GarbageReport);
        }
        else
        {
            report.Write(context.Output);
        }

        return ExitCodes.Success;
    }

    private static void EnsureIdle(JobReport job)
    {
        string? doubt = job.State switch
        {
            JobReport.NotEnded => $"job {job.Job} has not ended: its journal knows {job.Workers} {(job.Workers == 1 ? "worker that has" : "workers that have")} not left, whether at work or killed",
            JobReport.Unreadable => $"whether anybody works on job {job.Job} cannot be told: {job.Cause}",
            _ => null,
        };
        if (doubt is not null)
        {
            throw new UsageException($"{doubt}. Stop it first where it runs; if nobody runs it, say --force");
        }
    }
}
