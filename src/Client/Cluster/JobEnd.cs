using System.Collections.Immutable;
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

    /// <summary>Units a second of its stages, as the job tells them; empty where the client came when it was over.</summary>
    public IReadOnlyDictionary<string, double> Rates { get; init; } = ImmutableDictionary<string, double>.Empty;

    /// <summary>How fast the model of an evaluation stage was.</summary>
    /// <param name="stage">The stage.</param>
    /// <returns>Null where nothing was evaluated, or nobody saw it.</returns>
    public EvaluationSpeed? SpeedOf(string stage) => Rates.GetValueOrDefault(stage) is > 0 and double rate && Slots > 0 ? new EvaluationSpeed(rate, Slots) : null;
}
