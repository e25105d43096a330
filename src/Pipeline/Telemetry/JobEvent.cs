namespace MambaQuant.Pipeline.Telemetry;

/// <summary>Something that happened to a job, for logs.</summary>
/// <param name="Kind">What.</param>
/// <param name="Job">Identity of the job.</param>
public sealed record JobEvent(JobEventKind Kind, string Job)
{
    /// <summary>The stage; empty for none.</summary>
    public string Stage { get; init; } = string.Empty;

    /// <summary>The item for people, such as "Quantize layer 3"; empty for none.</summary>
    public string Item { get; init; } = string.Empty;

    /// <summary>The attempt; 0 for none.</summary>
    public int Attempt { get; init; }

    /// <summary>The worker; empty for none.</summary>
    public string Worker { get; init; } = string.Empty;

    /// <summary>The kind of cause, as <see cref="Scheduling.ReturnReason"/> says; empty for none.</summary>
    public string Reason { get; init; } = string.Empty;

    /// <summary>The cause for people; empty for none.</summary>
    public string Cause { get; init; } = string.Empty;

    /// <summary>How long it took; 0 for what takes no time.</summary>
    public double Seconds { get; init; }

    /// <summary>Items of the job, or of the stage.</summary>
    public int Items { get; init; }
}
