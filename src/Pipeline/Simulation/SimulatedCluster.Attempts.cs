using MambaQuant.Pipeline.Planning;
using MambaQuant.Pipeline.Scheduling.Inputs;
using MambaQuant.Pipeline.Scheduling.Outputs;

namespace MambaQuant.Pipeline.Simulation;

/// <summary>What workers do: read, compute, write, and tell the scheduler.</summary>
internal sealed partial class SimulatedCluster
{
    private void Proceed(SimulatedEvent what, SimulatedWorker worker)
    {
        WorkItem item = worker.Item!;
        switch (what.Kind)
        {
            case SimulatedEventKind.Heartbeat:
                int checkpoint = worker.CheckpointAt(_now, _options.CheckpointLayers);
                Send(new LeaseRenewed(Clock, worker.Name, item.Index, worker.Attempt, checkpoint));
                _agenda.Add(_now + _options.Scheduling.Heartbeat.TotalSeconds, what);
                break;
            case SimulatedEventKind.InputsRead:
                worker.ComputingBegan = _now;
                worker.Computing = ComputingOf(worker, item);
                double weights = IsRecorded(item) ? _now : ReadWeights(worker, item);
                _agenda.Add(Math.Max(_now + worker.Computing, weights), what with { Kind = SimulatedEventKind.Computed });
                break;
            case SimulatedEventKind.Computed:
                double written = IsRecorded(item) ? _now : Transfer(worker, item.Cost.OutputBytes, ref _written);
                _agenda.Add(written, what with { Kind = SimulatedEventKind.OutputsWritten });
                break;
            case SimulatedEventKind.OutputsWritten:
                Complete(worker, item);
                break;
        }
    }

    private void Complete(SimulatedWorker worker, WorkItem item)
    {
        _computed += worker.Computing;
        _transferred += _now - worker.Began - worker.Computing;
        _made++;
        worker.Keep(item, _cluster.CacheBytes);
        worker.Item = null;
        _checkpoints.Remove(item.Index);
        Send(new WorkCompleted(Clock, worker.Name, item.Index, worker.Attempt, "made", Asks: true));
    }

    private void Begin(Assign assign)
    {
        SimulatedWorker worker = _workers[_indices[assign.Worker]];
        _attempts++;
        _twins += _state.HolderCountOf(assign.Item) > 1 ? 1 : 0;
        worker.Item = _graph.Items[assign.Item];
        worker.Attempt = assign.Attempt;
        worker.Run++;
        worker.Began = _now;
        worker.ComputingBegan = double.PositiveInfinity;
        worker.Computing = 0;
        worker.FromLayer = _checkpoints.GetValueOrDefault(assign.Item);
        if (!worker.IsAlive)
        {
            // Nobody knows yet that it is dead: the lease will run out.
            return;
        }

        _inbox.Enqueue(new LeaseRenewed(Clock, worker.Name, assign.Item, assign.Attempt, worker.FromLayer));
        int index = _indices[assign.Worker];
        double begin = _now + (IsRecorded(worker.Item) ? 0 : _cluster.ItemOverhead.TotalSeconds);
        double read = IsRecorded(worker.Item) ? begin : Math.Max(begin, Transfer(worker, MissingInputBytes(worker, worker.Item), ref _read));
        _agenda.Add(read, new SimulatedEvent(SimulatedEventKind.InputsRead, index, worker.Run));
        _agenda.Add(_now + _options.Scheduling.Heartbeat.TotalSeconds, new SimulatedEvent(SimulatedEventKind.Heartbeat, index, worker.Run));
    }

    /// <summary>Bytes of an item's inputs that its worker did not make itself: its needs' outputs count in proportion to their sizes.</summary>
    private double MissingInputBytes(SimulatedWorker worker, WorkItem item)
    {
        double all = 0;
        double atHand = 0;
        foreach (int need in item.Needs)
        {
            double bytes = _graph.Items[need].Cost.OutputBytes;
            all += bytes;
            atHand += worker.HasAtHand(need) ? bytes : 0;
        }

        return all > 0 ? item.Cost.InputBytes * (1 - (atHand / all)) : item.Cost.InputBytes;
    }

    private double ComputingOf(SimulatedWorker worker, WorkItem item)
    {
        double seconds = _options.RecordedSeconds.TryGetValue(item.Index, out double recorded)
            ? recorded
            : item.Cost.Operations / _cluster.Device.OperationsPerSecond;
        double left = item.Count > 0 ? (double)(item.Count - worker.FromLayer) / item.Count : 1;
        double slowness = _noise.LogNormal(_options.AttemptSpread, NoiseOfAttempts, (ulong)item.Index, (ulong)worker.Attempt);
        return seconds * left * slowness * worker.Slowness;
    }

    private bool IsRecorded(WorkItem item) => _options.RecordedSeconds.ContainsKey(item.Index);

    private double Transfer(SimulatedWorker worker, double bytes, ref double counter)
    {
        counter += bytes;
        return bytes > 0 ? Math.Max(_nodes[worker.Node].Link.Transfer(_now, bytes), _store.Transfer(_now, bytes)) : _now;
    }

    /// <summary>When the weights of an item's layers are there: read now, or by another worker of the node before.</summary>
    private double ReadWeights(SimulatedWorker worker, WorkItem item)
    {
        SimulatedNode node = _nodes[worker.Node];
        double arrived = _now;
        int layers = Math.Max(1, item.Count);
        double bytes = (double)item.Cost.ModelBytes / layers;
        for (int layer = item.First; bytes > 0 && layer < item.First + layers; layer++)
        {
            if (node.ArrivalOf(layer) is not { } arrival)
            {
                arrival = Transfer(worker, bytes, ref _read);
                node.Keep(layer, bytes, arrival);
            }

            arrived = Math.Max(arrived, arrival);
        }

        return arrived;
    }

    private void Stop(Revoke revoke)
    {
        SimulatedWorker worker = _workers[_indices[revoke.Worker]];
        if (worker.Item?.Index == revoke.Item && worker.Attempt == revoke.Attempt && worker.IsAlive)
        {
            _wasted += _now - worker.Began;
            worker.Item = null;
            _inbox.Enqueue(new WorkRequested(Clock, worker.Name));
        }
    }
}
