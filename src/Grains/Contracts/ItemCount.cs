namespace MambaQuant.Grains.Contracts;

/// <summary>How many items of one kind stand in which way.</summary>
[GenerateSerializer, Immutable, Alias("mq.ItemCount")]
public sealed record ItemCount
{
    /// <summary>Name of the kind.</summary>
    [Id(0)]
    public required string Kind { get; init; }

    /// <summary>Not yet to be given out: something that they need is not done, or they pause.</summary>
    [Id(1)]
    public int Waiting { get; init; }

    /// <summary>To be given out.</summary>
    [Id(2)]
    public int Ready { get; init; }

    /// <summary>At work.</summary>
    [Id(3)]
    public int Running { get; init; }

    /// <summary>Done.</summary>
    [Id(4)]
    public int Done { get; init; }

    /// <summary>Not needed any more.</summary>
    [Id(5)]
    public int Unneeded { get; init; }
}
