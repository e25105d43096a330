using System.Collections.Immutable;
using MambaQuant.Pipeline.Driving;

namespace MambaQuant.Pipeline.Local;

/// <summary>Reports how far stages are and remembers how long they took.</summary>
/// <param name="progress">Hears of every step.</param>
/// <param name="time">The clock.</param>
public sealed class StageClock(IProgress<StageProgress> progress, TimeProvider time)
{
    private readonly List<StageDuration> _durations = [];
    private string? _stage;
    private long _counted;

    /// <summary>Durations of the stages so far, the running one's up to now, in the order in which they first began.</summary>
    public ImmutableArray<StageDuration> Durations
    {
        get
        {
            Count();
            return [.. _durations];
        }
    }

    /// <summary>Tells how far a stage is; time counts for the stage last told.</summary>
    /// <param name="stage">Its name.</param>
    /// <param name="done">Units done.</param>
    /// <param name="total">Units in all.</param>
    /// <param name="unit">What is counted.</param>
    public void Report(string stage, long done, long total, string unit)
    {
        if (stage != _stage)
        {
            Count();
            _stage = stage;
            _counted = time.GetTimestamp();
        }

        progress.Report(new StageProgress(stage, done, total, unit));
    }

    /// <summary>Adds the time since the last count to the running stage.</summary>
    private void Count()
    {
        if (_stage is null)
        {
            return;
        }

        long now = time.GetTimestamp();
        TimeSpan elapsed = time.GetElapsedTime(_counted, now);
        _counted = now;
        int index = _durations.FindIndex(duration => duration.Stage == _stage);
        if (index < 0)
        {
            _durations.Add(new StageDuration(_stage, elapsed));
        }
        else
        {
            _durations[index] = new StageDuration(_stage, _durations[index].Elapsed + elapsed);
        }
    }
}
