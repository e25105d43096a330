namespace MambaQuant.Grains.Contracts;

/// <summary>How a slot stands with a job.</summary>
[GenerateSerializer, Alias("mq.SlotStanding")]
public enum SlotStanding
{
    /// <summary>It works for the job.</summary>
    Member = 0,

    /// <summary>The job does not know it: it may join (again).</summary>
    Stranger = 1,

    /// <summary>The job is being opened: to be asked again in a moment.</summary>
    NotYet = 2,

    /// <summary>It can never work for the job.</summary>
    Refused = 3,

    /// <summary>The job has ended, or is not known.</summary>
    Ended = 4,
}
