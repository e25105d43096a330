namespace MambaQuant.Grains.Contracts;

/// <summary>What the directory wants of a slot.</summary>
[GenerateSerializer, Immutable, Alias("mq.SlotOrder")]
public sealed record SlotOrder
{
    /// <summary>The job to work for once it has nothing to do; null for none.</summary>
    [Id(0)]
    public string? Job { get; init; }

    /// <summary>Whether some job that has not ended may want the slot later, though none does now.</summary>
    [Id(1)]
    public bool MayBeWanted { get; init; }
}
