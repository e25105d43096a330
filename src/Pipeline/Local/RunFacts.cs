namespace MambaQuant.Pipeline.Local;

/// <summary>What a run tells of itself in run.json, besides when and where.</summary>
public sealed record RunFacts
{
    /// <summary>Workers that ran at once.</summary>
    public required int Workers { get; init; }

    /// <summary>The float model: its path, or its name.</summary>
    public required string Model { get; init; }

    /// <summary>The text that calibrated.</summary>
    public required string Calibration { get; init; }

    /// <summary>Wall time per stage.</summary>
    public required IReadOnlyList<StageDuration> Durations { get; init; }

    /// <summary>What the job took.</summary>
    public required JobCounts Counts { get; init; }

    /// <summary>The job of a cluster that made the checkpoint.</summary>
    /// <value>Null by default: it was made in this process.</value>
    public string? Job { get; init; }

    /// <summary>With <see cref="Job"/>: its store for people; no secret.</summary>
    /// <value>Empty by default.</value>
    public string Store { get; init; } = string.Empty;
}
