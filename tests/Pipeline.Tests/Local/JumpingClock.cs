namespace MambaQuant.Pipeline.Tests.Local;

/// <summary>The system's clock, but for jumps; timers fire as they do.</summary>
internal sealed class JumpingClock : TimeProvider
{
    private long _jumped;

    public override long GetTimestamp() => base.GetTimestamp() + Interlocked.Read(ref _jumped);

    public override DateTimeOffset GetUtcNow() => base.GetUtcNow() + GetElapsedTime(0, Interlocked.Read(ref _jumped));

    public void Jump(TimeSpan span) => Interlocked.Add(ref _jumped, (long)(span.TotalSeconds * TimestampFrequency));
}
