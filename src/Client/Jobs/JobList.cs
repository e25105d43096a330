using MambaQuant.Client.Output;

namespace MambaQuant.Client.Jobs;

/// <summary>What <c>jobs list</c> prints.</summary>
/// <param name="Store">The store for people.</param>
/// <param name="Jobs">Its jobs, in the order of their identities.</param>
internal sealed record JobList(string Store, IReadOnlyList<JobReport> Jobs)
{
    /// <summary>Prints it for people.</summary>
    /// <param name="output">Where to.</param>
    public void Write(TextWriter output)
    {
        if (Jobs.Count == 0)
        {
            output.WriteLine($"no jobs in {Store}");
            return;
        }

        TextTable table = new("job", "state", "done", "items", "model", "recipe", "scheme");
        foreach (JobReport job in Jobs)
        {
            table.Add(job.Job, job.State, $"{job.Done:N0}", $"{job.Items:N0}", job.Model ?? "", job.Recipe ?? "", job.Scheme ?? "");
        }

        table.Write(output);
        foreach (JobReport job in Jobs.Where(job => job.Cause.Length > 0))
        {
            output.WriteLine($"{job.Job}: {job.Cause}");
        }
    }
}
