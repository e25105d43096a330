using MambaQuant.Grains.Contracts;

namespace MambaQuant.Grains.Jobs;

/// <summary>How a job ended.</summary>
/// <param name="Phase">Finished, failed or cancelled.</param>
/// <param name="Cause">Why it failed or was stopped; empty where it finished.</param>
/// <param name="Owner">Who drove it.</param>
public sealed record JobEnding(JobPhase Phase, string Cause, string Owner)
{
    /// <summary>How often the job had been asked for again.</summary>
    /// <value>0 by default.</value>
    public int Round { get; init; }

    /// <summary>What kind of failure ended it: the name of an exception's type.</summary>
    /// <value>Empty by default: not known, or none.</value>
    public string Fault { get; init; } = string.Empty;
}
