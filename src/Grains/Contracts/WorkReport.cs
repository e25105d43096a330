using System.Collections.Immutable;

namespace MambaQuant.Grains.Contracts;

/// <summary>How an attempt ended, told by its slot until the job has it in its journal.</summary>
[GenerateSerializer, Immutable, Alias("mq.WorkReport")]
public sealed record WorkReport
{
    /// <summary>Index of the item.</summary>
    [Id(0)]
    public required int Item { get; init; }

    /// <summary>The attempt.</summary>
    [Id(1)]
    public required int Attempt { get; init; }

    /// <summary>How it ended.</summary>
    [Id(2)]
    public required ReportKind Kind { get; init; }

    /// <summary>Checksum of what it made; empty where it made nothing.</summary>
    [Id(3)]
    public string Checksum { get; init; } = string.Empty;

    /// <summary>Why, for people; empty where all went well.</summary>
    [Id(4)]
    public string Cause { get; init; } = string.Empty;

    /// <summary>The item whose artifacts are missing or damaged; otherwise null.</summary>
    [Id(5)]
    public int? LostItem { get; init; }

    /// <summary>Whether the slot asks for its next item in the same breath.</summary>
    [Id(6)]
    public bool Asks { get; init; }

    /// <summary>Outputs of which the store held other bytes already.</summary>
    [Id(7)]
    public ImmutableArray<string> Differing { get; init; } = [];

    /// <summary>What kind of failure it was: the name of an exception's type; empty where all went well.</summary>
    [Id(8)]
    public string Fault { get; init; } = string.Empty;
}
