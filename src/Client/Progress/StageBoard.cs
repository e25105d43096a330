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

    /// <summary>The stage that was heard of last, or null before the first report.</summary>
    public StageMeter? Current { get; private set; }

    /// <summary>The job whose stages are shown as it tells them; null for none.</summary>
    public JobWatch? Job { get; set; }

    /// <summary>Time since the run began.</summary>
    public TimeSpan Elapsed => time.GetElapsedTime(_started);

    /// <summary>Takes a report.</summary>
    /// <param name="progress">The report.</param>
    /// <returns>The stage, brought up to date.</returns>
    public StageMeter Update(StageProgress progress)
    {
        Current = Find(progress.Stage);
        Refresh();
        if (Job?.Stages.Any(overview => overview.Stage == progress.Stage) is not true)
        {
            Current.Update(progress);
        }

        return Current;
    }

    /// <summary>Takes over what the job says of its stages by now.</summary>
    public void Refresh()
    {
        foreach (StageOverview overview in Job?.Stages ?? [])
        {
            Find(overview.Stage).Show(overview);
        }
    }

    /// <summary>Ends the stages that never said how much there is to do.</summary>
    public void Finish()
    {
        foreach (StageMeter stage in _stages.Where(stage => stage.Total == 0))
        {
            stage.Complete();
        }
    }

    private StageMeter Find(string name)
    {
        StageMeter? stage = _stages.Find(meter => meter.Stage == name);
        if (stage is null)
        {
            _stages.Add(stage = new StageMeter(name, time));
        }

        return stage;
    }
}
