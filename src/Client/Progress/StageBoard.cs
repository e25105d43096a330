using MambaQuant.Pipeline.Local;

namespace MambaQuant.Client.Progress;

/// <summary>All stages of a run in the order in which they began. Not thread-safe: its owner locks.</summary>
/// <param name="time">The clock.</param>
internal sealed class StageBoard(TimeProvider time)
{
    private readonly List<StageMeter> _stages = [];
    private readonly long _started = time.GetTimestamp();
    private long _lastReport = time.GetTimestamp();

    /// <summary>The stages.</summary>
    public IReadOnlyList<StageMeter> Stages => _stages;

    /// <summary>Time since the run began.</summary>
    public TimeSpan Elapsed => time.GetElapsedTime(_started);

    /// <summary>Takes a report.</summary>
    /// <param name="progress">The report.</param>
    /// <returns>The stage it belongs to, brought up to date.</returns>
    public StageMeter Update(StageProgress progress)
    {
        long now = time.GetTimestamp();
        StageMeter? meter = _stages.Find(stage => stage.Stage == progress.Stage);
        if (meter is null)
        {
            StopLast();

            // A stage that says "0 of n" begins now; one that first speaks after its first unit began when the one before went silent.
            meter = new StageMeter(progress.Stage, time, progress.Done == 0 ? now : _lastReport);
            _stages.Add(meter);
        }

        meter.Update(progress);
        _lastReport = now;
        return meter;
    }

    /// <summary>Ends the last stage.</summary>
    public void StopLast()
    {
        if (_stages is [.., { } last])
        {
            last.Stop();
        }
    }
}
