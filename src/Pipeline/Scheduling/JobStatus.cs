namespace MambaQuant.Pipeline.Scheduling;

/// <summary>How a job stands.</summary>
public enum JobStatus
{
    /// <summary>No job was submitted yet.</summary>
    Absent,

    /// <summary>It has items to make.</summary>
    Running,

    /// <summary>Everything is made.</summary>
    Finished,

    /// <summary>An item failed for good.</summary>
    Failed,

    /// <summary>Somebody stopped it.</summary>
    Cancelled,
}
