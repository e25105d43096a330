namespace MambaQuant.Pipeline.Simulation;

/// <summary>One simulated node: its link to the store, and the weights that its workers share.</summary>
/// <param name="cluster">The cluster that it belongs to.</param>
internal sealed class SimulatedNode(ClusterShape cluster)
{
    private readonly Dictionary<int, double> _arrivals = [];
    private readonly Queue<(int Layer, double Bytes)> _kept = [];
    private double _bytes;

    public SharedLink Link { get; } = new(cluster.NodeBytesPerSecond);

    /// <summary>When a layer's weights arrived or will arrive, in seconds; null where nobody has read them, or they are gone again.</summary>
    public double? ArrivalOf(int layer) => _arrivals.TryGetValue(layer, out double arrival) ? arrival : null;

    /// <summary>Keeps a layer's weights, and drops the oldest ones where they are too many.</summary>
    public void Keep(int layer, double bytes, double arrival)
    {
        _arrivals[layer] = arrival;
        _kept.Enqueue((layer, bytes));
        _bytes += bytes;
        while (_bytes > cluster.NodeWeightBytes)
        {
            (int oldest, double freed) = _kept.Dequeue();
            _arrivals.Remove(oldest);
            _bytes -= freed;
        }
    }
}
