using MambaQuant.Pipeline.Driving;

namespace MambaQuant.Client.Progress;

/// <summary>All stages of a run in the order in which they first began. Not thread-safe: its owner locks.</summary>
/// <param name="time">The clock.</param>
internal sealed class StageBoard(TimeProvider time)
{
    private readonly List<StageMeter> _stages = [];
    private readonly long _started = time.GetTimestamp();

    /// <summary>The stages.</summary>
    public IReadOnlyList<StageMeter> Stages => _stages;

    /// <summary>The stage that has the turn, or null before the first report.</summary>
    public StageMeter? Current { get; private set; }

    /// <summary>Time since the run began.</summary>
    public TimeSpan Elapsed => time.GetElapsedTime(_started);

    /// <summary>Takes a report; the turn goes to its stage.</summary>
    /// <param name="progress">The report.</param>
    /// <returns>The stage, brought up to date.</returns>
    public StageMeter Update(StageProgress progress)
    {
        StageMeter? stage = _stages.Find(meter => meter.Stage == progress.Stage);
        if (stage is null)
        {
            stage = new StageMeter(progress.Stage, time);
            _stages.Add(stage);
        }

        if (Current != stage)
        {
            Current?.Pause();
            Current = stage;
        }

        stage.Update(progress);
        return stage;
    }

    /// <summary>Ends the stages that never said how much there is to do.</summary>
    public void Finish()
    {
        foreach (StageMeter stage in _stages.Where(stage => stage.Total == 0))
        {
            stage.Complete();
        }
    }
}
