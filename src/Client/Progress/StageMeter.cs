using MambaQuant.Pipeline.Driving;

namespace MambaQuant.Client.Progress;

/// <summary>Follows one stage: how far, how fast, how long still. What a watched job says of its stage counts: then the page shows the same.</summary>
/// <param name="stage">Its name.</param>
/// <param name="time">The clock.</param>
internal sealed class StageMeter(string stage, TimeProvider time)
{
    private readonly long _began = time.GetTimestamp();
    private readonly BoardRate _own = new(time);
    private StageOverview _shown = new(stage, 0, 0, string.Empty, 0);
    private TimeSpan? _took;
    private bool _isOwn;

    /// <summary>The stage's name.</summary>
    public string Stage => _shown.Stage;

    /// <summary>What is counted, in the plural.</summary>
    public string Unit => _shown.Unit;

    /// <summary>Units done.</summary>
    public long Done => _shown.Done;

    /// <summary>Units in all; 0 where not yet known.</summary>
    public long Total => _shown.Total;

    /// <summary>Whether everything is done.</summary>
    public bool IsComplete => _took is not null;

    /// <summary>Share done, rounded down so that 100 means done; null where the total is not known.</summary>
    public int? Percent => Total > 0 ? (int)(100 * (Int128)Math.Min(Done, Total) / Total) : null;

    /// <summary>Time in which its items ran, as the job says; of a stage that belongs to no job since it was first heard of. Stands still once it is complete.</summary>
    public TimeSpan Elapsed => _took ?? Worked;

    /// <summary>Units per second; null before the first unit.</summary>
    public double? Rate => _shown.PerSecond > 0 ? _shown.PerSecond : null;

    /// <summary>Time to the end at that rate; null where nothing can be said.</summary>
    public TimeSpan? Remaining => _shown.SecondsLeft is { } seconds && !IsComplete ? TimeSpan.FromSeconds(seconds) : null;

    /// <summary>Takes a report of a stage that belongs to no job, such as an upload.</summary>
    /// <param name="progress">The report.</param>
    public void Update(StageProgress progress)
    {
        // Reports of parallel workers may overtake each other; a bar never runs backwards.
        long done = Math.Max(Done, progress.Done);
        if (!_isOwn)
        {
            _own.Begin(0);
            _isOwn = true;
        }

        _own.Move(done);
        Show(new StageOverview(Stage, done, progress.Total, progress.Unit, _own.PerSecond));
    }

    /// <summary>Takes what a job says of its stage.</summary>
    /// <param name="overview">The stage.</param>
    public void Show(StageOverview overview)
    {
        _shown = overview;
        if (Total > 0 && Done >= Total)
        {
            Complete();
        }
        else
        {
            _took = null; // what was damaged is made again
        }
    }

    /// <summary>Ends the stage.</summary>
    public void Complete() => _took ??= Worked;

    private TimeSpan Worked => _shown.Seconds > 0 ? TimeSpan.FromSeconds(_shown.Seconds) : time.GetElapsedTime(_began);
}
