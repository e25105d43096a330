using System.Collections.Immutable;
using MambaQuant.Grains.Contracts;
using MambaQuant.Grains.Jobs;

namespace MambaQuant.Client.Cluster;

/// <summary>A connection to a cluster.</summary>
internal interface ICluster : IAsyncDisposable
{
    /// <summary>Slots that were heard of lately.</summary>
    Task<ImmutableArray<SlotDescription>> SlotsAsync();

    /// <summary>Hands a job over whose plan and request lie in the store.</summary>
    /// <param name="job">The job.</param>
    /// <param name="store">The store as this client describes it.</param>
    /// <param name="round">The round that is wanted, the same in every try: see <see cref="JobRound.Wanted"/>.</param>
    Task<SubmitReply> SubmitAsync(string job, string store, int round);

    /// <summary>A job as it stands.</summary>
    /// <param name="job">The job.</param>
    /// <param name="after">The version that is known already.</param>
    /// <param name="wait">How long to wait for a newer one, at most 10 s.</param>
    Task<JobView> ViewAsync(string job, long after, TimeSpan wait);

    /// <summary>Stops a job.</summary>
    /// <param name="job">The job.</param>
    /// <param name="cause">Why, for people.</param>
    Task<JobPhase> CancelAsync(string job, string cause);

    /// <summary>All jobs, in the order in which they were submitted.</summary>
    Task<ImmutableArray<JobSummary>> ListAsync();
}
