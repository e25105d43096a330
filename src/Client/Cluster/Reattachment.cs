using MambaQuant.Client.Submitting;
using MambaQuant.Dashboard.Reports;

namespace MambaQuant.Client.Cluster;

/// <summary>How a user comes back to a job.</summary>
internal static class Reattachment
{
    /// <summary>The command that watches a job.</summary>
    /// <param name="job">The job.</param>
    /// <param name="outputPath">Where its checkpoint is to go, or null.</param>
    /// <param name="settings">The cluster.</param>
    public static string Command(string job, string? outputPath, ClusterSettings settings) =>
        $"mambaquant watch {job}{(outputPath is null ? "" : $" --out {ShellWord.Quote(outputPath)}")}{settings.Repeat()}";
}
