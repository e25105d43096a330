namespace MambaQuant.Grains.Contracts;

/// <summary>How a job stands in the cluster.</summary>
[GenerateSerializer, Alias("mq.JobPhase")]
public enum JobPhase
{
    /// <summary>The cluster knows no such job.</summary>
    Unknown = 0,

    /// <summary>It was submitted and waits for its turn.</summary>
    Queued = 1,

    /// <summary>Its plan, its journal and what is done already are being read.</summary>
    Opening = 2,

    /// <summary>It has items to make.</summary>
    Running = 3,

    /// <summary>Everything is made.</summary>
    Finished = 4,

    /// <summary>An item failed for good.</summary>
    Failed = 5,

    /// <summary>Somebody stopped it.</summary>
    Cancelled = 6,
}
