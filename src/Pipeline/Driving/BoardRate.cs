namespace MambaQuant.Pipeline.Driving;

/// <summary>How fast a stage is: counted from when its first item began to when it last moved, so that a stage that is done keeps its rate.</summary>
/// <param name="time">The clock.</param>
public sealed class BoardRate(TimeProvider time)
{
    private long? _started;
    private long _first, _last;

    /// <summary>Units a second; 0 where not yet known.</summary>
    public double PerSecond { get; private set; }

    /// <summary>The stage begins; only the first time counts.</summary>
    /// <param name="done">Units done already.</param>
    public void Begin(long done)
    {
        if (_started is null)
        {
            (_started, _first, _last) = (time.GetTimestamp(), done, done);
        }
    }

    /// <summary>The stage is further; to be told when it is, not when somebody looks.</summary>
    /// <param name="done">Units done by now.</param>
    public void Move(long done)
    {
        if (_started is { } started && done > _last)
        {
            double seconds = time.GetElapsedTime(started).TotalSeconds;
            _last = done;
            PerSecond = seconds > 0 ? (done - _first) / seconds : 0;
        }
    }
}
