using MambaQuant.Grains.Contracts;

namespace MambaQuant.Grains.Jobs;

/// <summary>A job as the directory knows it.</summary>
/// <param name="job">Identity of the job.</param>
internal sealed class JobEntry(string job)
{
    /// <summary>Identity of the job.</summary>
    public string Job => job;

    /// <summary>Its name for people.</summary>
    public string Name { get; set; } = string.Empty;

    /// <summary>When it was submitted, in milliseconds since 1970.</summary>
    public long Submitted { get; set; }

    /// <summary>Whether its request was read; before that a job is known from what it told alone.</summary>
    public bool IsRead { get; set; }

    /// <summary>How often it was asked for again.</summary>
    public int Round { get; set; }

    /// <summary>What it told last; null before it told anything.</summary>
    public JobDemand? Demand { get; set; }

    /// <summary>How it stands.</summary>
    public JobPhase Phase => Demand?.Phase ?? JobPhase.Queued;

    /// <summary>Whether it has come to an end.</summary>
    public bool HasEnded => JobPhases.IsEnd(Phase);

    /// <summary>The job in a list.</summary>
    public JobSummary Summary => new()
    {
        Job = job,
        Name = Name,
        Submitted = Submitted,
        Phase = Phase,
        Done = Demand?.Done ?? 0,
        Total = Demand?.Total ?? 0,
        Slots = Demand?.Slots ?? 0,
        Cause = Demand?.Cause ?? string.Empty,
    };
}
