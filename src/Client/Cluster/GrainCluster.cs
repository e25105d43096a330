using System.Collections.Immutable;
using MambaQuant.Grains.Contracts;

namespace MambaQuant.Client.Cluster;

/// <summary>A cluster as its grains answer.</summary>
/// <param name="grains">Reaches the grains.</param>
/// <param name="close">Ends the connection.</param>
internal sealed class GrainCluster(IGrainFactory grains, Func<ValueTask> close) : ICluster
{
    private IJobDirectoryGrain Directory => grains.GetGrain<IJobDirectoryGrain>(0);

    /// <inheritdoc/>
    public Task<ImmutableArray<SlotDescription>> SlotsAsync() => Directory.SlotsAsync();

    /// <inheritdoc/>
    public Task<SubmitReply> SubmitAsync(string job, string store, int round) => Directory.SubmitAsync(new SubmitRequest { Job = job, Store = store, Round = round });

    /// <inheritdoc/>
    public Task<JobView> ViewAsync(string job, long after, TimeSpan wait) => JobGrain(job).ViewAsync(after, (int)wait.TotalMilliseconds);

    /// <inheritdoc/>
    public Task<JobPhase> CancelAsync(string job, string cause) => JobGrain(job).CancelAsync(cause);

    /// <inheritdoc/>
    public Task<ImmutableArray<JobSummary>> ListAsync() => Directory.ListAsync();

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => close();

    private ICalibrationJobGrain JobGrain(string job) => grains.GetGrain<ICalibrationJobGrain>(job);
}
