namespace MambaQuant.Pipeline.Telemetry;

/// <summary>What a log of a job tells.</summary>
public enum JobEventKind
{
    /// <summary>The job is driven here from now on.</summary>
    JobStarted,

    /// <summary>The first item of a stage was given out.</summary>
    StageStarted,

    /// <summary>The last item of a stage is done.</summary>
    StageFinished,

    /// <summary>An attempt ended without a result.</summary>
    AttemptReturned,

    /// <summary>An item that was done is made again.</summary>
    ItemReopened,

    /// <summary>The job has its result.</summary>
    JobFinished,

    /// <summary>The job failed.</summary>
    JobFailed,

    /// <summary>Somebody stopped the job.</summary>
    JobCancelled,
}
