namespace MambaQuant.Pipeline.Tests.Local;

/// <summary>The system's clock, a thousand times as fast, timers too: a pause of a minute is over in 60 ms.</summary>
internal sealed class HurriedClock : TimeProvider
{
    private const int Haste = 1000;

    public override long TimestampFrequency => System.TimestampFrequency / Haste;

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
        base.CreateTimer(callback, state, dueTime / Haste, period);
}
