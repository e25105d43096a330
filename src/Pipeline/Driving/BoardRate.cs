namespace MambaQuant.Pipeline.Driving;

/// <summary>How fast a stage is: counted from when it was first seen to when it last moved, so that a stage that is done keeps its rate.</summary>
/// <param name="first">Units done when it was first seen.</param>
/// <param name="time">The clock.</param>
public sealed class BoardRate(long first, TimeProvider time)
{
    private readonly long _first = first;
    private readonly long _started = time.GetTimestamp();
    private long _last = first;
    private double _rate;

    /// <summary>Units a second; 0 where not yet known.</summary>
    /// <param name="done">Units done by now.</param>
    public double At(long done)
    {
        double seconds = time.GetElapsedTime(_started).TotalSeconds;
        if (done > _last && seconds > 0)
        {
            _last = done;
            _rate = (done - _first) / seconds;
        }

        return _rate;
    }
}
