namespace MambaQuant.Grains.Contracts;

/// <summary>How far a slot is with an item: renews the lease.</summary>
[GenerateSerializer, Immutable, Alias("mq.LeaseProgress")]
public sealed record LeaseProgress
{
    /// <summary>Index of the item.</summary>
    [Id(0)]
    public required int Item { get; init; }

    /// <summary>The attempt.</summary>
    [Id(1)]
    public required int Attempt { get; init; }

    /// <summary>Units done.</summary>
    [Id(2)]
    public long Done { get; init; }

    /// <summary>Units in all; 0 where not yet known.</summary>
    [Id(3)]
    public long Total { get; init; }

    /// <summary>What is counted, in the plural.</summary>
    [Id(4)]
    public string Unit { get; init; } = string.Empty;

    /// <summary>Layers that a later attempt need not repeat; 0 where nothing is kept.</summary>
    [Id(5)]
    public int Checkpoint { get; init; }
}
