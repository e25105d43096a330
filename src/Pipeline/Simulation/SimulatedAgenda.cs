namespace MambaQuant.Pipeline.Simulation;

/// <summary>What is to happen, in the order of time; equal moments in the order of their entry.</summary>
internal sealed class SimulatedAgenda
{
    private readonly PriorityQueue<SimulatedEvent, (double At, long Entry)> _events = new();
    private long _entries;

    /// <summary>Enters an event.</summary>
    /// <param name="at">When, in seconds.</param>
    /// <param name="what">What.</param>
    public void Add(double at, SimulatedEvent what) => _events.Enqueue(what, (at, _entries++));

    /// <summary>Takes the next event; false where nothing is to happen any more.</summary>
    public bool TryNext(out SimulatedEvent what, out double at)
    {
        bool found = _events.TryDequeue(out what, out (double At, long Entry) order);
        at = order.At;
        return found;
    }
}
