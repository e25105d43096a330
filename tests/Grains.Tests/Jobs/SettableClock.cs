namespace MambaQuant.Grains.Tests.Jobs;

/// <summary>A clock that goes when it is told to; timers do not ring.</summary>
internal sealed class SettableClock : TimeProvider
{
    private long _now;

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public override long GetTimestamp() => _now;

    public void Pass(TimeSpan span) => _now += span.Ticks;
}
