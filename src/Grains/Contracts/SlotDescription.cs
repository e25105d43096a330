namespace MambaQuant.Grains.Contracts;

/// <summary>A slot: one item at a time on one device of one silo.</summary>
[GenerateSerializer, Immutable, Alias("mq.SlotDescription")]
public sealed record SlotDescription
{
    /// <summary>Its name, <see cref="SlotName"/> as text; no other slot ever has it.</summary>
    [Id(0)]
    public required string Slot { get; init; }

    /// <summary>Memory for one item.</summary>
    [Id(1)]
    public required long MemoryBytes { get; init; }

    /// <summary>The numerics profile that it offers.</summary>
    [Id(2)]
    public required string Profile { get; init; }

    /// <summary>The device for people, such as "8 threads" or the name of a GPU.</summary>
    [Id(3)]
    public string Device { get; init; } = string.Empty;
}
