namespace MambaQuant.Grains.Contracts;

/// <summary>What a slot of a job does.</summary>
[GenerateSerializer, Immutable, Alias("mq.SlotView")]
public sealed record SlotView
{
    /// <summary>Its name.</summary>
    [Id(0)]
    public required string Slot { get; init; }

    /// <summary>The item that it is at work on, for people; null where it waits for one.</summary>
    [Id(1)]
    public string? Item { get; init; }

    /// <summary>The attempt; 0 where it waits.</summary>
    [Id(2)]
    public int Attempt { get; init; }

    /// <summary>Units of the item that are done.</summary>
    [Id(3)]
    public long Done { get; init; }

    /// <summary>Units of the item in all; 0 where not yet known.</summary>
    [Id(4)]
    public long Total { get; init; }

    /// <summary>What is counted, in the plural.</summary>
    [Id(5)]
    public string Unit { get; init; } = string.Empty;

    /// <summary>The device for people; empty where not known.</summary>
    [Id(6)]
    public string Device { get; init; } = string.Empty;

    /// <summary>Index of the item; null where it waits for one, or where nobody counts.</summary>
    [Id(7)]
    public int? ItemIndex { get; init; }

    /// <summary>Seconds that the attempt runs; 0 where it waits.</summary>
    [Id(8)]
    public double Seconds { get; init; }

    /// <summary>Items that it made for the job since the job's present owner has it.</summary>
    [Id(9)]
    public int ItemsMade { get; init; }
}
