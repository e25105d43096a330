namespace MambaQuant.Grains.Contracts;

/// <summary>A job in a list.</summary>
[GenerateSerializer, Immutable, Alias("mq.JobSummary")]
public sealed record JobSummary
{
    /// <summary>Identity of the job.</summary>
    [Id(0)]
    public required string Job { get; init; }

    /// <summary>How it stands.</summary>
    [Id(1)]
    public required JobPhase Phase { get; init; }

    /// <summary>Its name for people; empty where it has none.</summary>
    [Id(2)]
    public string Name { get; init; } = string.Empty;

    /// <summary>When it was submitted, in milliseconds since 1970; the order in which jobs get slots.</summary>
    [Id(3)]
    public long Submitted { get; init; }

    /// <summary>Items done; 0 where not known.</summary>
    [Id(4)]
    public int Done { get; init; }

    /// <summary>Items done and still to be made; 0 where not known.</summary>
    [Id(5)]
    public int Total { get; init; }

    /// <summary>Slots that work for it.</summary>
    [Id(6)]
    public int Slots { get; init; }

    /// <summary>Why it failed, was stopped, or waits; empty where there is nothing to say.</summary>
    [Id(7)]
    public string Cause { get; init; } = string.Empty;

    /// <summary>Name of the float model; empty where whoever submitted it did not say.</summary>
    [Id(8)]
    public string Model { get; init; } = string.Empty;

    /// <summary>Name of the recipe; empty likewise.</summary>
    [Id(9)]
    public string Recipe { get; init; } = string.Empty;

    /// <summary>Name of the scheme, such as "W4A8"; empty likewise, or where the recipe has none.</summary>
    [Id(10)]
    public string Scheme { get; init; } = string.Empty;
}
