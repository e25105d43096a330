using MambaQuant.Grains.Contracts;

namespace MambaQuant.Client.Cluster;

/// <summary>What <c>cancel</c> prints.</summary>
/// <param name="Job">The job.</param>
/// <param name="Phase">How it stands now.</param>
internal sealed record CancelReport(string Job, JobPhase Phase)
{
    /// <summary>Prints it for people.</summary>
    /// <param name="output">Where to.</param>
    public void Write(TextWriter output) => output.WriteLine(Phase switch
    {
        JobPhase.Cancelled => $"job {Job} is cancelled; what is done stays done, and submitting it again goes on from there",
        JobPhase.Finished or JobPhase.Failed => $"job {Job} had {(Phase == JobPhase.Finished ? "finished" : "failed")} already",
        _ => $"job {Job} is about to be cancelled",
    });
}
