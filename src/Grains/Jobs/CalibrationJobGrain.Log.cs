using MambaQuant.Grains.Contracts;
using Microsoft.Extensions.Logging;

namespace MambaQuant.Grains.Jobs;

/// <content>What operators read.</content>
internal sealed partial class CalibrationJobGrain
{
    [LoggerMessage(Level = LogLevel.Information, Message = "job {Job} has ended: {Phase} {Cause}")]
    private partial void LogEnded(string job, JobPhase phase, string cause);

    [LoggerMessage(Level = LogLevel.Warning, Message = "job {Job} is driven by '{Successor}' now; this silo leaves it")]
    private partial void LogStepsDown(string job, string successor);

    [LoggerMessage(Level = LogLevel.Warning, Message = "job {Job} cannot be opened, and is tried again: {Fault}")]
    private partial void LogNotOpened(string job, string fault);

    [LoggerMessage(Level = LogLevel.Warning, Message = "job {Job} cannot be written down, and is tried again: {Fault}")]
    private partial void LogNotWritten(string job, string fault);

    [LoggerMessage(Level = LogLevel.Warning, Message = "job {Job} does not reach the directory, and tries again: {Fault}")]
    private partial void LogNoDirectory(string job, string fault);

    [LoggerMessage(Level = LogLevel.Warning, Message = "job {Job}: {Waits}")]
    private partial void LogWaits(string job, string waits);

    [LoggerMessage(Level = LogLevel.Error, Message = "job {Job} is left to another activation")]
    private partial void LogPumpBroken(string job, Exception fault);
}
