using System.Collections.Immutable;
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

    /// <summary>Items that were made.</summary>
    /// <value>0 by default, as in what earlier versions wrote.</value>
    public int Made { get; init; }

    /// <summary>Items that were found in the store.</summary>
    public int Reused { get; init; }

    /// <summary>Attempts that came to nothing.</summary>
    public int Repeated { get; init; }

    /// <summary>What was found damaged, and was made anew.</summary>
    public ImmutableArray<string> Damaged { get; init; } = [];

    /// <summary>What happened last.</summary>
    public ImmutableArray<JobNotice> Notices { get; init; } = [];
}
