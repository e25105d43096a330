using MambaQuant.Pipeline.Telemetry;
using Microsoft.Extensions.Logging;

namespace MambaQuant.Telemetry.Logging;

/// <summary>Writes what happens to jobs into the log.</summary>
/// <param name="logger">The log.</param>
public sealed partial class JobLog(ILogger logger)
{
    /// <summary>Writes.</summary>
    /// <param name="happened">What happened.</param>
    public void Write(JobEvent happened)
    {
        ArgumentNullException.ThrowIfNull(happened);
        switch (happened.Kind)
        {
            case JobEventKind.JobStarted:
                JobStarted(happened.Job, happened.Items);
                break;
            case JobEventKind.StageStarted:
                StageStarted(happened.Job, happened.Stage, happened.Items);
                break;
            case JobEventKind.StageFinished:
                StageFinished(happened.Job, happened.Stage, happened.Items, happened.Seconds);
                break;
            case JobEventKind.AttemptReturned:
                AttemptReturned(happened.Job, happened.Item, happened.Attempt, happened.Worker, happened.Reason, happened.Cause);
                break;
            case JobEventKind.ItemReopened:
                ItemReopened(happened.Job, happened.Item, happened.Cause);
                break;
            case JobEventKind.JobFinished:
                JobFinished(happened.Job, happened.Seconds);
                break;
            case JobEventKind.JobFailed:
                JobFailed(happened.Job, happened.Item, happened.Cause);
                break;
            default:
                JobCancelled(happened.Job);
                break;
        }
    }

    [LoggerMessage(EventName = "ptq.job.started", Level = LogLevel.Information, Message = "job {Job} is driven here, {Items} items")]
    private partial void JobStarted(string job, int items);

    [LoggerMessage(EventName = "ptq.stage.started", Level = LogLevel.Information, Message = "job {Job} begins stage {Stage}, {Items} items")]
    private partial void StageStarted(string job, string stage, int items);

    [LoggerMessage(EventName = "ptq.stage.finished", Level = LogLevel.Information, Message = "job {Job} has stage {Stage} done, {Items} items in {Seconds} s")]
    private partial void StageFinished(string job, string stage, int items, double seconds);

    [LoggerMessage(EventName = "ptq.attempt.returned", Level = LogLevel.Warning, Message = "job {Job}: {Item}, attempt {Attempt} by {Worker}, came back ({Reason}): {Cause}")]
    private partial void AttemptReturned(string job, string item, int attempt, string worker, string reason, string cause);

    [LoggerMessage(EventName = "ptq.item.reopened", Level = LogLevel.Warning, Message = "job {Job}: {Item} is made again: {Cause}")]
    private partial void ItemReopened(string job, string item, string cause);

    [LoggerMessage(EventName = "ptq.job.finished", Level = LogLevel.Information, Message = "job {Job} has its result, {Seconds} s after it began here")]
    private partial void JobFinished(string job, double seconds);

    [LoggerMessage(EventName = "ptq.job.failed", Level = LogLevel.Error, Message = "job {Job} failed at {Item}: {Cause}")]
    private partial void JobFailed(string job, string item, string cause);

    [LoggerMessage(EventName = "ptq.job.cancelled", Level = LogLevel.Warning, Message = "job {Job} was stopped")]
    private partial void JobCancelled(string job);
}
