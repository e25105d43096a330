namespace MambaQuant.Pipeline.Driving;

/// <summary>How fast a stage is, counted in the time in which its items ran: pauses in which workers are at other stages do not count, and a stage that is done keeps its rate.</summary>
/// <param name="time">The clock.</param>
public sealed class BoardRate(TimeProvider time)
{
    private long? _since;
    private long _first, _last;
    private TimeSpan _worked;
    private bool _hasBegun;
    private int _running;

    /// <summary>Units a second while somebody was at work; 0 where not yet known.</summary>
    public double PerSecond { get; private set; }

    /// <summary>Time in which somebody was at work.</summary>
    public TimeSpan Worked => _since is { } since ? _worked + time.GetElapsedTime(since) : _worked;

    /// <summary>Somebody begins to work for the stage.</summary>
    /// <param name="done">Units done already.</param>
    public void Begin(long done)
    {
        (_first, _last) = _hasBegun ? (_first, _last) : (done, done);
        _hasBegun = true;
        _since ??= time.GetTimestamp();
        _running++;
    }

    /// <summary>Somebody who began is no longer at work: where nobody is, the clock stands.</summary>
    public void End()
    {
        if (_running > 0 && --_running == 0)
        {
            (_worked, _since) = (Worked, null);
        }
    }

    /// <summary>The stage is further; to be told when it is, not when somebody looks.</summary>
    /// <param name="done">Units done by now.</param>
    public void Move(long done)
    {
        if (_hasBegun && done > _last)
        {
            double seconds = Worked.TotalSeconds;
            _last = done;
            PerSecond = seconds > 0 ? (done - _first) / seconds : 0;
        }
    }
}
