using MambaQuant.Pipeline.Planning;

namespace MambaQuant.Pipeline.Simulation;

/// <summary>One simulated worker: what it does now, and what it has at hand.</summary>
internal sealed class SimulatedWorker
{
    private readonly Queue<(int Item, long Bytes)> _made = [];
    private readonly HashSet<int> _atHand = [];
    private long _bytesAtHand;

    public required string Name { get; init; }

    public required int Node { get; init; }

    /// <summary>How much longer it takes than its device should.</summary>
    public required double Slowness { get; init; }

    /// <summary>When it joined, in seconds.</summary>
    public required double Joined { get; init; }

    public bool IsAlive { get; set; } = true;

    /// <summary>The item that it works on, or null.</summary>
    public WorkItem? Item { get; set; }

    public int Attempt { get; set; }

    /// <summary>Counts its attempts, so that what was planned for an earlier one is known to be void.</summary>
    public int Run { get; set; }

    /// <summary>When the attempt began, in seconds.</summary>
    public double Began { get; set; }

    /// <summary>When computing began; not yet where infinite.</summary>
    public double ComputingBegan { get; set; }

    /// <summary>How long the computing of this attempt takes, in seconds.</summary>
    public double Computing { get; set; }

    /// <summary>Layers that an attempt before had checkpointed.</summary>
    public int FromLayer { get; set; }

    public bool HasAtHand(int item) => _atHand.Contains(item);

    /// <summary>Keeps what an item made, as far as its cache goes.</summary>
    public void Keep(WorkItem item, long cacheBytes)
    {
        if (item.Cost.OutputBytes <= cacheBytes && _atHand.Add(item.Index))
        {
            _made.Enqueue((item.Index, item.Cost.OutputBytes));
            _bytesAtHand += item.Cost.OutputBytes;
        }

        while (_bytesAtHand > cacheBytes)
        {
            (int oldest, long bytes) = _made.Dequeue();
            _atHand.Remove(oldest);
            _bytesAtHand -= bytes;
        }
    }

    /// <summary>Layers checkpointed at a moment.</summary>
    public int CheckpointAt(double now, int every)
    {
        if (Item is null || every == 0 || Item.Count <= every || now <= ComputingBegan)
        {
            return FromLayer;
        }

        double share = Computing > 0 ? Math.Min(1, (now - ComputingBegan) / Computing) : 1;
        int layers = FromLayer + (int)(share * (Item.Count - FromLayer));
        return Math.Max(FromLayer, Math.Min(layers, Item.Count - 1) / every * every);
    }
}
