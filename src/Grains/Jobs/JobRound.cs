namespace MambaQuant.Grains.Jobs;

/// <summary>Where a job stands as its store tells: how often it was asked for again, and whether it has ended since.</summary>
/// <param name="Round">How often it was asked for again.</param>
/// <param name="HasEnded">Whether it came to an end in that round; one that has not is the cluster's to run.</param>
public readonly record struct JobRound(int Round, bool HasEnded)
{
    /// <summary>The round that somebody wants who submits the job now: the next one where this has ended.</summary>
    public int Wanted => HasEnded ? Round + 1 : Round;
}
