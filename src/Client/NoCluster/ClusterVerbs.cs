using MambaQuant.Client.Commands;
using MambaQuant.Client.Submitting;
using MambaQuant.Pipeline.Local;

namespace MambaQuant.Client.NoCluster;

/// <summary>The verbs of the cluster in a build that has none.</summary>
internal static class ClusterVerbs
{
    /// <summary>Opens nothing.</summary>
    /// <param name="backends">The workers' backends.</param>
    /// <param name="context">The clock.</param>
    public static IJobDriver? OpenDriver(IWorkerBackends backends, CommandContext context) => null;

    /// <summary>Refuses.</summary>
    /// <param name="request">What to do.</param>
    /// <param name="settings">The cluster.</param>
    /// <param name="format">What stdout carries.</param>
    /// <param name="context">Where it reads and writes.</param>
    public static int Submit(SubmissionRequest request, ClusterSettings settings, OutputFormat format, CommandContext context) => MissingCluster.Report("submit", context);

    /// <summary>Refuses.</summary>
    /// <param name="job">The job.</param>
    /// <param name="outputPath">Where its checkpoint goes, or null.</param>
    /// <param name="settings">The cluster.</param>
    /// <param name="format">What stdout carries.</param>
    /// <param name="context">Where it reads and writes.</param>
    public static int Watch(string job, string? outputPath, ClusterSettings settings, OutputFormat format, CommandContext context) => MissingCluster.Report("watch", context);

    /// <summary>Refuses.</summary>
    /// <param name="job">The job.</param>
    /// <param name="settings">The cluster.</param>
    /// <param name="format">What stdout carries.</param>
    /// <param name="context">Where it reads and writes.</param>
    public static int Cancel(string job, ClusterSettings settings, OutputFormat format, CommandContext context) => MissingCluster.Report("cancel", context);

    /// <summary>Refuses.</summary>
    /// <param name="settings">The cluster.</param>
    /// <param name="format">What stdout carries.</param>
    /// <param name="context">Where it reads and writes.</param>
    public static int List(ClusterSettings settings, OutputFormat format, CommandContext context) => MissingCluster.Report("jobs list --cluster", context);

    /// <summary>Refuses.</summary>
    /// <param name="job">The job.</param>
    /// <param name="settings">The cluster.</param>
    /// <param name="format">What stdout carries.</param>
    /// <param name="context">Where it reads and writes.</param>
    public static int Show(string job, ClusterSettings settings, OutputFormat format, CommandContext context) => MissingCluster.Report("jobs show --cluster", context);
}
