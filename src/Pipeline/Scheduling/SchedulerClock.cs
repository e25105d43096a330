namespace MambaQuant.Pipeline.Scheduling;

/// <summary>Turns the driver's clock, which may jump, into the scheduler's own, which counts the time it was awake and never goes back.</summary>
/// <remarks>
/// Three rules. Only differences between inputs count, so a clock that jumps back loses the jump and nothing else. The scheduler always
/// tells when it wants its next tick while items run; an input more than a heartbeat after that moment shows that the driver slept (a
/// suspended laptop, a paused process) or that its clock jumped forwards: then the time up to the wanted tick counts, the rest does not, and
/// every lease starts anew, because who slept cannot say who else did. And the first input of a new owner starts a new clock.
/// </remarks>
internal static class SchedulerClock
{
    // Far beyond any clock, and far enough from the ends of the type that sums of a few such values cannot overflow.
    private const long Furthest = 1L << 52;

    public static long Clamp(long driverClock) => Math.Clamp(driverClock, -Furthest, Furthest);

    /// <summary>The scheduler's clock at an input, and whether the driver slept before it.</summary>
    public static (long Now, bool Slept) Advance(SchedulerState state, long driverClock)
    {
        if (state.Status == JobStatus.Absent)
        {
            return (driverClock, false);
        }

        long elapsed = state.DriverClock is { } last ? Math.Max(0, driverClock - last) : 0;
        long now = Math.Min(state.Now + elapsed, 16 * Furthest);
        return state.NextWake is { } wake && now > wake + Milliseconds(state.Options.Heartbeat)
            ? (Math.Max(state.Now, wake), true)
            : (now, false);
    }

    public static long Milliseconds(TimeSpan span) => (long)span.TotalMilliseconds;
}
