namespace MambaQuant.Pipeline.Driving;

/// <summary>How far a stage of a job is.</summary>
/// <param name="Stage">Its name for people.</param>
/// <param name="Done">Units done.</param>
/// <param name="Total">Units in all.</param>
/// <param name="Unit">What is counted, in the plural.</param>
/// <param name="PerSecond">Units a second while its items ran; 0 where not known.</param>
public sealed record StageOverview(string Stage, long Done, long Total, string Unit, double PerSecond)
{
    /// <summary>Seconds in which items of it ran.</summary>
    /// <value>0 by default: not known.</value>
    public double Seconds { get; init; }

    /// <summary>Seconds to its end at that rate; null where nothing can be said.</summary>
    public double? SecondsLeft => PerSecond > 0 && Done < Total ? (Total - Done) / PerSecond : null;
}
