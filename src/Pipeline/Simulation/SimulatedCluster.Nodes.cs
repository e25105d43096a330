using System.Globalization;
using MambaQuant.Pipeline.Planning;
using MambaQuant.Pipeline.Scheduling.Inputs;

namespace MambaQuant.Pipeline.Simulation;

/// <summary>Nodes join, die, are missed and are replaced.</summary>
internal sealed partial class SimulatedCluster
{
    private void Join(int node)
    {
        for (int slot = 0; slot < _cluster.WorkersPerNode; slot++)
        {
            int index = _workers.Count;
            var worker = new SimulatedWorker
            {
                Name = string.Create(CultureInfo.InvariantCulture, $"node-{node}/{slot}/{index}"),
                Node = node,
                Slowness = _noise.LogNormal(_options.WorkerSpread, NoiseOfWorkers, (ulong)index, 0),
                Joined = _now,
            };
            _workers.Add(worker);
            _indices.Add(worker.Name, index);
            Send(new WorkerJoined(Clock, worker.Name, _cluster.Device.MemoryBytes, Profile));
            Send(new WorkRequested(Clock, worker.Name));
        }
    }

    private void Die(int node)
    {
        _lostNodes++;
        _nodes[node] = new SimulatedNode(_cluster);
        foreach (SimulatedWorker worker in _workers.Where(worker => worker.Node == node && worker.IsAlive))
        {
            Leave(worker);
            if (worker.Item is { } item && worker.CheckpointAt(_now, _options.CheckpointLayers) is var checkpoint and > 0)
            {
                _checkpoints[item.Index] = Math.Max(checkpoint, _checkpoints.GetValueOrDefault(item.Index));
            }
        }

        if (_options.LossDetection is { } detection)
        {
            _agenda.Add(_now + detection.TotalSeconds, new SimulatedEvent(SimulatedEventKind.NodeIsMissed, node, 0));
        }

        if (_options.Replacement is { } replacement)
        {
            _agenda.Add(_now + replacement.TotalSeconds, new SimulatedEvent(SimulatedEventKind.NodeJoins, node, 0));
        }
    }

    /// <summary>Tells the scheduler what it has not found out by itself yet.</summary>
    private void Miss(int node)
    {
        foreach (SimulatedWorker worker in _workers.Where(worker => worker.Node == node && !worker.IsAlive).ToArray())
        {
            if (_state.IsPresent(worker.Name))
            {
                Send(new WorkerLost(Clock, worker.Name, "its node was lost", Drained: false));
            }
        }
    }

    private void Leave(SimulatedWorker worker)
    {
        worker.IsAlive = false;
        _workerSeconds += _now - worker.Joined;
        _wasted += worker.Item is null ? 0 : _now - worker.Began;
    }
}
