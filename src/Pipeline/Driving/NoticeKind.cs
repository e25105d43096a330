namespace MambaQuant.Pipeline.Driving;

/// <summary>What kind of thing a notice tells.</summary>
public enum NoticeKind
{
    /// <summary>Something else.</summary>
    Remark = 0,

    /// <summary>An attempt failed, another one follows.</summary>
    Retry = 1,

    /// <summary>What an item made was missing or damaged, and is made again.</summary>
    Damage = 2,

    /// <summary>A worker was lost with what it held, or a lease ran out.</summary>
    Loss = 3,

    /// <summary>Two runs of one item gave different bytes.</summary>
    Difference = 4,

    /// <summary>The job waits: no worker can make what is to be made.</summary>
    Waiting = 5,

    /// <summary>The job failed.</summary>
    Failure = 6,
}
