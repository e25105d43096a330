using MambaQuant.Client.Commands;
using MambaQuant.Client.Failures;
using MambaQuant.Client.Jobs;
using MambaQuant.Client.Output;
using MambaQuant.Client.Submitting;
using MambaQuant.Grains.Contracts;
using MambaQuant.Pipeline.Artifacts;
using MambaQuant.Pipeline.Local;

namespace MambaQuant.Client.Cluster;

/// <summary>The verbs of the cluster: from parsed arguments to what is printed.</summary>
internal static class ClusterVerbs
{
    /// <summary>What <c>quantize --engine orleans</c> runs its jobs with; nothing is started before the first.</summary>
    /// <param name="backends">The workers' backends.</param>
    /// <param name="context">The clock.</param>
    public static IJobDriver? OpenDriver(IWorkerBackends backends, CommandContext context) => new SiloDriver(backends, context.Time);

    /// <summary><c>submit</c>.</summary>
    /// <param name="request">What to do.</param>
    /// <param name="settings">The cluster.</param>
    /// <param name="format">What stdout carries.</param>
    /// <param name="context">Where it reads and writes.</param>
    public static int Submit(SubmissionRequest request, ClusterSettings settings, OutputFormat format, CommandContext context) =>
        RunAsync(settings, StoreToBe(request.Work.Store!, context), context, (link, store) => new SubmitRun(request, settings, link, store, context).RunAsync(format)).GetAwaiter().GetResult();

    /// <summary><c>watch</c>.</summary>
    /// <param name="job">The job, or the beginning of its identity.</param>
    /// <param name="outputPath">Where its checkpoint goes, or null.</param>
    /// <param name="settings">The cluster.</param>
    /// <param name="format">What stdout carries.</param>
    /// <param name="context">Where it reads and writes.</param>
    public static int Watch(string job, string? outputPath, ClusterSettings settings, OutputFormat format, CommandContext context) =>
        Run(settings, context, (link, store) => new WatchRun(job, outputPath, settings, link, store, context).RunAsync(format));

    /// <summary><c>cancel</c>.</summary>
    /// <param name="job">The job, or the beginning of its identity.</param>
    /// <param name="settings">The cluster.</param>
    /// <param name="format">What stdout carries.</param>
    /// <param name="context">Where it reads and writes.</param>
    public static int Cancel(string job, ClusterSettings settings, OutputFormat format, CommandContext context) => Run(settings, context, async (link, _) =>
    {
        string id = await FindAsync(link, job, context.Cancellation);
        JobPhase phase = await link.CallAsync(cluster => cluster.CancelAsync(id, $"cancelled from {Environment.MachineName}"), ClusterLink.Patience, context.Cancellation);
        var report = new CancelReport(id, phase);
        if (format == OutputFormat.Json)
        {
            JsonOutput.Write(context.Output, report, ClusterJson.Default.CancelReport);
        }
        else
        {
            report.Write(context.Output);
        }

        return ExitCodes.Success;
    });

    /// <summary><c>jobs list --cluster</c>.</summary>
    /// <param name="settings">The cluster.</param>
    /// <param name="format">What stdout carries.</param>
    /// <param name="context">Where it reads and writes.</param>
    public static int List(ClusterSettings settings, OutputFormat format, CommandContext context) => Run(settings, context, async (link, _) =>
    {
        var jobs = new ClusterJobs(
            link.Description,
            await link.CallAsync(cluster => cluster.ListAsync(), ClusterLink.Patience, context.Cancellation),
            await link.CallAsync(cluster => cluster.SlotsAsync(), ClusterLink.Patience, context.Cancellation));
        if (format == OutputFormat.Json)
        {
            JsonOutput.Write(context.Output, jobs, ClusterJson.Default.ClusterJobs);
        }
        else
        {
            jobs.Write(context.Output);
        }

        return ExitCodes.Success;
    });

    /// <summary><c>jobs show --cluster</c>.</summary>
    /// <param name="job">The job, or the beginning of its identity.</param>
    /// <param name="settings">The cluster.</param>
    /// <param name="format">What stdout carries.</param>
    /// <param name="context">Where it reads and writes.</param>
    public static int Show(string job, ClusterSettings settings, OutputFormat format, CommandContext context) => Run(settings, context, async (link, _) =>
    {
        string id = await FindAsync(link, job, context.Cancellation);
        JobView view = await link.CallAsync(cluster => cluster.ViewAsync(id, 0, TimeSpan.Zero), ClusterLink.Patience, context.Cancellation);
        if (format == OutputFormat.Json)
        {
            JsonOutput.Write(context.Output, view, ClusterJson.Default.JobView);
        }
        else
        {
            JobDescription.Write(view, context.Output);
        }

        return ExitCodes.Success;
    });

    /// <summary>Finds a job of a cluster by the beginning of its identity.</summary>
    /// <param name="link">The cluster.</param>
    /// <param name="beginning">The identity, or enough of its first digits.</param>
    /// <param name="cancellation">Stops the call.</param>
    /// <exception cref="UsageException">No job begins so, or several do.</exception>
    public static async Task<string> FindAsync(ClusterLink link, string beginning, CancellationToken cancellation)
    {
        string[] jobs = [.. (await link.CallAsync(cluster => cluster.ListAsync(), ClusterLink.Patience, cancellation)).Select(job => job.Job)];
        return jobs.Where(job => job.StartsWith(beginning, StringComparison.Ordinal)).ToArray() switch
        {
            [string one] => one,
            [] => throw new UsageException(jobs.Length == 0 ? $"{link.Description} has no job" : $"{link.Description} has no job '{beginning}'; it has {string.Join(", ", jobs)}"),
            string[] several => throw new UsageException($"several jobs of {link.Description} begin with '{beginning}': {string.Join(", ", several)}"),
        };
    }

    private static int Run(ClusterSettings settings, CommandContext context, Func<ClusterLink, IArtifactStore, Task<int>> run)
    {
        IArtifactStore store = JobStore.Open(settings.RequireStore(), context.Cancellation);
        return RunAsync(settings, new Lazy<IArtifactStore>(store), context, (link, _) => run(link, store)).GetAwaiter().GetResult();
    }

    // A wrong path leaves no store behind.
    private static Lazy<IArtifactStore> StoreToBe(string location, CommandContext context) =>
        new(() => JobStore.OpenOrCreateAsync(location, context.Cancellation).GetAwaiter().GetResult(), LazyThreadSafetyMode.PublicationOnly);

    private static async Task<int> RunAsync(ClusterSettings settings, Lazy<IArtifactStore> store, CommandContext context, Func<ClusterLink, Lazy<IArtifactStore>, Task<int>> run)
    {
        await using ClusterLink link = ClusterAddresses.Link(settings, store, context);
        link.Say = line => context.Error.WriteLine(line);
        return await run(link, store);
    }
}
