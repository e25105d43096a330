using System.Globalization;
using MambaQuant.Pipeline.Scheduling;
using MambaQuant.Pipeline.Scheduling.Outputs;

namespace MambaQuant.Testing.Scenarios;

/// <summary>Writes what the scheduler says in the language of scenarios.</summary>
internal static class ScenarioOutputs
{
    public static string Text(SchedulerOutput output, ScenarioItems items) => output switch
    {
        Assign assign => $"assign {items.Name(assign.Item)} #{assign.Attempt} to {assign.Worker}",
        Revoke revoke => $"revoke {items.Name(revoke.Item)} #{revoke.Attempt} from {revoke.Worker} {Quote(revoke.Cause, items)}",
        WakeAt wake => $"wake {Time(wake.At)}",
        Progress progress => $"progress {progress.Done}/{progress.Total}",
        Returned returned =>
            $"returned {items.Name(returned.Item)} #{returned.Attempt} by {returned.Worker} {Reason(returned.Reason)} {Quote(returned.Cause, items)}",
        Reopened reopened => $"reopened {items.Name(reopened.Item)} {Quote(reopened.Cause, items)}",
        Refused refused => $"refused {refused.Worker} {Quote(refused.Cause, items)}",
        Unserved unserved => $"unserved {items.Name(unserved.Item)} {Quote(unserved.Cause, items)}",
        Nondeterminism twice =>
            $"nondeterminism {items.Name(twice.Item)} {twice.FirstWorker}={twice.FirstChecksum} {twice.SecondWorker}={twice.SecondChecksum}",
        Finished => "finished",
        Failed failed => $"failed {items.Name(failed.Item)} {Quote(failed.Cause, items)}",
        Cancelled cancelled => $"cancelled {Quote(cancelled.Cause, items)}",
        Ignored ignored => $"ignored {Quote(ignored.Cause, items)}",
        _ => throw new ArgumentOutOfRangeException(nameof(output), $"scenarios have no words for {output.GetType().Name}"),
    };

    public static string Time(long milliseconds) => (milliseconds / 1000d).ToString("0.###", CultureInfo.InvariantCulture) + "s";

    private static string Quote(string text, ScenarioItems items) => $"\"{items.Rename(text)}\"";

    private static string Reason(ReturnReason reason) => reason switch
    {
        ReturnReason.WorkerLost => "worker-lost",
        ReturnReason.InputLost => "input-lost",
        ReturnReason.Failed or ReturnReason.Expired or ReturnReason.Released => $"{reason}".ToLowerInvariant(),
        _ => throw new ArgumentOutOfRangeException(nameof(reason)),
    };
}
