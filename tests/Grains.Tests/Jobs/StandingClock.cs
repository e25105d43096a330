namespace MambaQuant.Grains.Tests.Jobs;

/// <summary>A clock that stands still: no timer rings.</summary>
internal sealed class StandingClock : TimeProvider
{
    public override long GetTimestamp() => 0;
}
