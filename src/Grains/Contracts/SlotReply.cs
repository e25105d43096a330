namespace MambaQuant.Grains.Contracts;

/// <summary>What a job answers a slot.</summary>
[GenerateSerializer, Immutable, Alias("mq.SlotReply")]
public sealed record SlotReply
{
    /// <summary>How the slot stands with the job.</summary>
    [Id(0)]
    public required SlotStanding Standing { get; init; }

    /// <summary>
    /// What the slot should be at work on: what it does beyond that is to be dropped, what it does not do of that is to be begun. Null for nothing.
    /// </summary>
    [Id(1)]
    public HeldLease? Held { get; init; }

    /// <summary>How old the answer is: one with a lower number than what the slot knows already says nothing. Grows over all owners of the job.</summary>
    [Id(2)]
    public long Version { get; init; }

    /// <summary>Why, for people; empty where there is nothing to say.</summary>
    [Id(3)]
    public string Cause { get; init; } = string.Empty;

    /// <summary>How many of the reports that it answers counted for nothing: their leases were over. 0 where it answers none.</summary>
    [Id(4)]
    public int Refused { get; init; }
}
