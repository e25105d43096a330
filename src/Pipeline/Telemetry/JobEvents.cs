using System.Diagnostics;

namespace MambaQuant.Pipeline.Telemetry;

/// <summary>Where logs hear of the jobs that are driven in this process.</summary>
public static class JobEvents
{
    /// <summary>Called where something happens, within the span of the job or its stage; has to be quick, and must not throw.</summary>
    public static event Action<JobEvent>? Happened;

    /// <summary>Tells.</summary>
    /// <param name="happened">What.</param>
    /// <param name="span">The span that it belongs to; null for none.</param>
    internal static void Tell(JobEvent happened, Activity? span)
    {
        if (Happened is not { } heard)
        {
            return;
        }

        Activity? before = Activity.Current;
        Activity.Current = span is { IsStopped: false } ? span : before;
        heard(happened);
        Activity.Current = before;
    }
}
