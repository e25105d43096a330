namespace MambaQuant.Pipeline.Scheduling;

/// <summary>What kind of failure ended an attempt.</summary>
public enum WorkFailure
{
    /// <summary>May go away by itself: tried again after a pause, some times.</summary>
    Transient,

    /// <summary>Every attempt would fail like this: fails the job at once.</summary>
    Permanent,

    /// <summary>What another item made is missing or corrupt: that one is made again, and this one waits for it, blameless.</summary>
    InputLost,
}
