using Orleans.Concurrency;

namespace MambaQuant.Grains.Contracts;

/// <summary>A slot, as others reach it; its key is the slot's name. Lives on the slot's silo only, and nowhere once that is gone.</summary>
/// <remarks>
/// All calls are words into the slot's ear: they return at once, and what is lost on the way the slot hears with its next heartbeat. Computing is
/// done by a thread of the silo's, never in a call.
/// </remarks>
[Alias("mq.IGpuWorkerGrain")]
public interface IGpuWorkerGrain : IGrainWithStringKey
{
    /// <summary>The directory wants the slot to work for a job once it has nothing to do.</summary>
    /// <param name="job">The job.</param>
    [Alias("WorkFor"), OneWay]
    Task WorkForAsync(string job);

    /// <summary>A job gives the slot an item.</summary>
    /// <param name="job">The job.</param>
    /// <param name="lease">Item and attempt.</param>
    /// <param name="version">See <see cref="SlotReply.Version"/>.</param>
    [Alias("Start"), OneWay]
    Task StartAsync(string job, HeldLease lease, long version);

    /// <summary>A job ends an attempt.</summary>
    /// <param name="job">The job.</param>
    /// <param name="lease">Item and attempt.</param>
    /// <param name="keep">Whether it is to stop where something is kept, instead of at once.</param>
    [Alias("Cancel"), OneWay]
    Task CancelAsync(string job, HeldLease lease, bool keep);

    /// <summary>Something changed: the slot should ask its job at once.</summary>
    [Alias("Poll"), OneWay]
    Task PollAsync();

    /// <summary>What the slot does.</summary>
    [Alias("View")]
    Task<SlotView> ViewAsync();
}
