namespace MambaQuant.Grains.Contracts;

/// <summary>How far a stage of a job is.</summary>
[GenerateSerializer, Immutable, Alias("mq.StageView")]
public sealed record StageView
{
    /// <summary>Its name for people.</summary>
    [Id(0)]
    public required string Stage { get; init; }

    /// <summary>Units done.</summary>
    [Id(1)]
    public required long Done { get; init; }

    /// <summary>Units in all.</summary>
    [Id(2)]
    public required long Total { get; init; }

    /// <summary>What is counted, in the plural.</summary>
    [Id(3)]
    public required string Unit { get; init; }

    /// <summary>Units a second while its items ran; 0 where not known.</summary>
    [Id(4)]
    public double PerSecond { get; init; }

    /// <summary>Seconds in which items of it ran; 0 where not known.</summary>
    [Id(5)]
    public double Seconds { get; init; }
}
