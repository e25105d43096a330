using System.Collections.Immutable;

namespace MambaQuant.Grains.Contracts;

/// <summary>The one directory of a cluster: which jobs there are, which slots, and who works for whom. Its key is 0.</summary>
/// <remarks>It remembers nothing that is not in the store, or told again by jobs and slots within seconds.</remarks>
[Alias("mq.IJobDirectoryGrain")]
public interface IJobDirectoryGrain : IGrainWithIntegerKey
{
    /// <summary>Takes a job whose plan and request lie in the store; one that has ended is run again from what is done.</summary>
    /// <param name="request">The job.</param>
    [Alias("Submit")]
    Task<SubmitReply> SubmitAsync(SubmitRequest request);

    /// <summary>All jobs of the cluster, in the order in which they were submitted.</summary>
    [Alias("List")]
    Task<ImmutableArray<JobSummary>> ListAsync();

    /// <summary>One job.</summary>
    /// <param name="job">Its identity.</param>
    /// <returns>Null where the cluster knows no such job.</returns>
    [Alias("Show")]
    Task<JobSummary?> ShowAsync(string job);

    /// <summary>All slots that were heard of lately, sorted by name.</summary>
    [Alias("Slots")]
    Task<ImmutableArray<SlotDescription>> SlotsAsync();

    /// <summary>A slot is there.</summary>
    /// <param name="slot">The slot.</param>
    /// <param name="job">The job that it works for; null for none.</param>
    /// <param name="isIdle">Whether it has nothing to do.</param>
    [Alias("Announce")]
    Task<SlotOrder> AnnounceAsync(SlotDescription slot, string? job, bool isIdle);

    /// <summary>A slot goes.</summary>
    /// <param name="slot">Its name.</param>
    [Alias("Retire")]
    Task RetireAsync(string slot);

    /// <summary>A job tells what it wants.</summary>
    /// <param name="demand">What.</param>
    [Alias("Demand")]
    Task DemandAsync(JobDemand demand);

    /// <summary>Sees to it that every job that should run does; each silo calls it every few seconds.</summary>
    [Alias("Ensure")]
    Task EnsureAsync();
}
