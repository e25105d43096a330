using System.Collections.Immutable;
using MambaQuant.Client.Output;
using MambaQuant.Grains.Contracts;

namespace MambaQuant.Client.Cluster;

/// <summary>What <c>jobs list --cluster</c> prints.</summary>
/// <param name="Cluster">The cluster for people.</param>
/// <param name="Jobs">Its jobs, in the order in which they were submitted.</param>
/// <param name="Slots">Its slots.</param>
internal sealed record ClusterJobs(string Cluster, ImmutableArray<JobSummary> Jobs, ImmutableArray<SlotDescription> Slots)
{
    /// <summary>Prints it for people.</summary>
    /// <param name="output">Where to.</param>
    public void Write(TextWriter output)
    {
        output.WriteLine($"{Cluster}: {Jobs.Length} {(Jobs.Length == 1 ? "job" : "jobs")}, {Slots.Length} {(Slots.Length == 1 ? "slot" : "slots")}");
        if (!Jobs.IsEmpty)
        {
            TextTable table = new("job", "state", "done", "items", "slots", "submitted", "model", "recipe", "scheme");
            foreach (JobSummary job in Jobs)
            {
                table.Add(
                    job.Job, JobDescription.PhaseText(job.Phase), job.Total == 0 ? "" : $"{job.Done:N0}", job.Total == 0 ? "" : $"{job.Total:N0}", $"{job.Slots:N0}", $"{DateTimeOffset.FromUnixTimeMilliseconds(job.Submitted):yyyy-MM-dd HH:mm:ss}Z", job.Model.Length > 0 ? job.Model : job.Name, job.Recipe, job.Scheme);
            }

            table.Write(output);
        }

        foreach (JobSummary job in Jobs.Where(job => job.Cause.Length > 0))
        {
            output.WriteLine($"{job.Job}: {job.Cause}");
        }
    }
}
