namespace MambaQuant.Pipeline.Scheduling;

/// <summary>How an item stands.</summary>
public enum ItemStatus
{
    /// <summary>Not done, and nothing that is still to be made needs it.</summary>
    Unneeded,

    /// <summary>Something that it needs is not done.</summary>
    Waiting,

    /// <summary>It failed, and pauses before its next attempt.</summary>
    Delayed,

    /// <summary>It can be given out.</summary>
    Ready,

    /// <summary>One worker or two work on it.</summary>
    Running,

    /// <summary>Its artifacts exist.</summary>
    Done,
}
