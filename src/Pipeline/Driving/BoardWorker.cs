using MambaQuant.Pipeline.Execution;

namespace MambaQuant.Pipeline.Driving;

/// <summary>What a board knows of a worker besides what the scheduler knows.</summary>
internal sealed class BoardWorker
{
    private int _item = -1;

    /// <summary>The device for people.</summary>
    public string Device { get; set; } = string.Empty;

    /// <summary>Items that it made.</summary>
    public int ItemsMade { get; set; }

    /// <summary>The attempt that it was heard of last.</summary>
    public int Attempt { get; private set; }

    /// <summary>When that attempt was first heard of, by the clock's timestamp.</summary>
    public long Started { get; private set; }

    /// <summary>How far that attempt is; null where nothing is known.</summary>
    public ItemProgress? Progress { get; set; }

    /// <summary>It is at work on an attempt, perhaps another one than before.</summary>
    /// <param name="item">Index of the item.</param>
    /// <param name="attempt">The attempt.</param>
    /// <param name="time">The clock.</param>
    public void Begin(int item, int attempt, TimeProvider time)
    {
        if (item != _item || attempt != Attempt)
        {
            (_item, Attempt, Started, Progress) = (item, attempt, time.GetTimestamp(), null);
        }
    }
}
