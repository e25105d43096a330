using System.Collections.Immutable;

namespace MambaQuant.Grains.Contracts;

/// <summary>One job; its key is the job's identity. Drives the scheduler, keeps its journal, and goes on from it wherever it is activated anew.</summary>
/// <remarks>Every call may be repeated, none waits longer than some seconds. What is refused is answered, not thrown.</remarks>
[Alias("mq.ICalibrationJobGrain")]
public interface ICalibrationJobGrain : IGrainWithStringKey
{
    /// <summary>Runs the job, or goes on with it; does nothing where it runs. Returns before it is opened.</summary>
    /// <param name="round">How often the job was asked for again, as the store tells: one that ended in an earlier round goes on.</param>
    /// <returns>How it stands.</returns>
    [Alias("Start")]
    Task<JobPhase> StartAsync(int round);

    /// <summary>A slot wants to work for the job, and asks for its first item.</summary>
    /// <param name="slot">The slot.</param>
    [Alias("Join")]
    Task<SlotReply> JoinAsync(SlotDescription slot);

    /// <summary>A slot goes.</summary>
    /// <param name="slot">Its name.</param>
    /// <param name="drained">Whether it was sent away, so that its item is not to blame.</param>
    /// <param name="cause">Why, for people.</param>
    [Alias("Leave")]
    Task LeaveAsync(string slot, bool drained, string cause);

    /// <summary>A slot that has nothing to do would work for another job.</summary>
    /// <param name="slot">Its name.</param>
    /// <param name="cause">Why, for people.</param>
    /// <returns><see cref="SlotStanding.Member"/> where it stays, because it was given an item meanwhile.</returns>
    [Alias("Yield")]
    Task<SlotReply> YieldAsync(string slot, string cause);

    /// <summary>Attempts ended. Returns when the journal has it.</summary>
    /// <param name="slot">Whose.</param>
    /// <param name="reports">How they ended; known ones and stale ones change nothing.</param>
    [Alias("Report")]
    Task<SlotReply> ReportAsync(string slot, ImmutableArray<WorkReport> reports);

    /// <summary>A slot is alive and renews what it holds.</summary>
    /// <param name="slot">Its name.</param>
    /// <param name="leases">What it holds, and how far it is.</param>
    /// <param name="asks">Whether it has nothing to do and asks for an item.</param>
    [Alias("Renew")]
    Task<SlotReply> RenewAsync(string slot, ImmutableArray<LeaseProgress> leases, bool asks);

    /// <summary>The job as it stands.</summary>
    /// <param name="after">The version that the watcher has seen: waits for a newer one; 0 for the first.</param>
    /// <param name="waitMilliseconds">How long to wait for it; the job waits 8 s at most, less than a call between silos may take.</param>
    [Alias("View")]
    Task<JobView> ViewAsync(long after, int waitMilliseconds);

    /// <summary>Stops the job; what is done stays done.</summary>
    /// <param name="cause">Why, for people.</param>
    /// <returns>How it stands then.</returns>
    [Alias("Cancel")]
    Task<JobPhase> CancelAsync(string cause);
}
