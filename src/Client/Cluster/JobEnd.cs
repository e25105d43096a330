using MambaQuant.Grains.Contracts;
using MambaQuant.Pipeline.Local;

namespace MambaQuant.Client.Cluster;

/// <summary>How a job ended, as far as this client saw it.</summary>
internal sealed record JobEnd
{
    /// <summary>Finished, failed or cancelled.</summary>
    public required JobPhase Phase { get; init; }

    /// <summary>Why it failed or was cancelled; else empty.</summary>
    public string Cause { get; init; } = string.Empty;

    /// <summary>What kind of failure ended it; empty where that is not known.</summary>
    public string Fault { get; init; } = string.Empty;

    /// <summary>What the job took; null where the client came when it was over.</summary>
    public JobCounts? Counts { get; init; }

    /// <summary>Slots that worked for it at once, at most, as far as the client saw.</summary>
    public int Slots { get; init; }

    /// <summary>Wall time of its stages, as far as the client saw.</summary>
    public IReadOnlyList<StageDuration> Durations { get; init; } = [];
}
