using MambaQuant.Pipeline.Driving;

namespace MambaQuant.Client.Progress;

/// <summary>Follows one stage: how far, how fast, how long still.</summary>
/// <remarks>Stages may take turns (layer by layer); only the time of its own turns counts for a stage's rate.</remarks>
/// <param name="stage">Its name.</param>
/// <param name="time">The clock.</param>
internal sealed class StageMeter(string stage, TimeProvider time)
{
    private TimeSpan _earlierTurns;
    private long? _turnBegan;

    /// <summary>The stage's name.</summary>
    public string Stage { get; } = stage;

    /// <summary>What is counted, in the plural.</summary>
    public string Unit { get; private set; } = "";

    /// <summary>Units done.</summary>
    public long Done { get; private set; }

    /// <summary>Units in all; 0 where not yet known.</summary>
    public long Total { get; private set; }

    /// <summary>Whether everything is done.</summary>
    public bool IsComplete { get; private set; }

    /// <summary>Share done, rounded down so that 100 means done; null where the total is not known.</summary>
    public int? Percent => Total > 0 ? (int)(100 * (Int128)Math.Min(Done, Total) / Total) : null;

    /// <summary>Time of its turns; stands still once it is complete.</summary>
    public TimeSpan Elapsed => _earlierTurns + (_turnBegan is { } began ? time.GetElapsedTime(began) : TimeSpan.Zero);

    /// <summary>Units per second; null before the first unit.</summary>
    public double? Rate => Done > 0 && Elapsed > TimeSpan.Zero ? Done / Elapsed.TotalSeconds : null;

    /// <summary>Time to the end at that rate; null where nothing can be said.</summary>
    public TimeSpan? Remaining => Rate is { } rate && Total > 0 && !IsComplete ? TimeSpan.FromSeconds(Math.Max(0, Total - Done) / rate) : null;

    /// <summary>Takes a report of this stage, which has the turn now.</summary>
    /// <param name="progress">The report.</param>
    public void Update(StageProgress progress)
    {
        // Reports of parallel workers may overtake each other; a bar never runs backwards.
        Done = Math.Max(Done, progress.Done);
        Total = progress.Total;
        Unit = progress.Unit;
        if (Total > 0 && Done >= Total)
        {
            Complete();
        }
        else if (!IsComplete)
        {
            _turnBegan ??= time.GetTimestamp();
        }
    }

    /// <summary>Ends its turn: another stage works now.</summary>
    public void Pause()
    {
        _earlierTurns = Elapsed;
        _turnBegan = null;
    }

    /// <summary>Ends the stage.</summary>
    public void Complete()
    {
        Pause();
        IsComplete = true;
    }
}
