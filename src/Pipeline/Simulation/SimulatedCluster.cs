using System.Globalization;
using MambaQuant.Pipeline.Planning;
using MambaQuant.Pipeline.Scheduling;
using MambaQuant.Pipeline.Scheduling.Inputs;
using MambaQuant.Pipeline.Scheduling.Outputs;

namespace MambaQuant.Pipeline.Simulation;

/// <summary>One simulated run.</summary>
internal sealed class SimulatedCluster
{
    /// <summary>What numbers are drawn for; each takes two.</summary>
    public const ulong NoiseOfLosses = 0, NoiseOfAttempts = 2, NoiseOfWorkers = 4;

    private const string Profile = "simulated";

    private readonly WorkGraph _graph;
    private readonly SimulationOptions _options;
    private readonly ClusterShape _cluster;
    private readonly Action<SchedulerInput>? _journal;
    private readonly SeededNoise _noise;
    private readonly SimulatedAgenda _agenda = new();
    private readonly SharedLink _store;
    private readonly SharedLink[] _links;
    private readonly List<SimulatedWorker> _workers = [];
    private readonly Dictionary<string, int> _indices = new(StringComparer.Ordinal);
    private readonly Dictionary<int, int> _checkpoints = [];
    private readonly Queue<SchedulerInput> _inbox = [];
    private SchedulerState _state = SchedulerState.Empty;
    private double _now;
    private long _wake;
    private double _computed, _transferred, _wasted, _workerSeconds, _read, _written;
    private string _unserved = "no worker is left";
    private int _attempts, _twins, _steps, _lostNodes, _made;

    public SimulatedCluster(WorkGraph graph, SimulationOptions options, IEnumerable<(int Node, double At)> losses, Action<SchedulerInput>? journal)
    {
        _graph = graph;
        _options = options;
        _cluster = options.Cluster;
        _journal = journal;
        _noise = new SeededNoise(options.Seed);
        _store = new SharedLink(_cluster.StoreBytesPerSecond);
        _links = [.. Enumerable.Range(0, _cluster.Nodes).Select(_ => new SharedLink(_cluster.NodeBytesPerSecond))];
        foreach ((int node, double at) in losses)
        {
            _agenda.Add(at, new SimulatedEvent(SimulatedEventKind.NodeDies, node, 0));
        }
    }

    /// <summary>Runs to the end of the job, or until nothing can happen any more.</summary>
    public SimulationResult Run()
    {
        Send(new JobSubmitted(0, "simulated", Profile, _options.Scheduling, []) { Graph = _graph });
        for (int node = 0; node < _cluster.Nodes; node++)
        {
            Join(node);
        }

        while (_state.Status == JobStatus.Running && _agenda.TryNext(out SimulatedEvent next, out double at))
        {
            _now = at;
            Happen(next);
        }

        foreach (SimulatedWorker worker in _workers.Where(worker => worker.IsAlive))
        {
            Leave(worker);
        }

        double critical = UpwardRank.Of(_graph, item => ClusterSimulator.ExpectedSeconds(item, _options)).DefaultIfEmpty(0).Max();
        return new SimulationResult
        {
            Status = _state.Status,
            Cause = _state.Status == JobStatus.Running ? _unserved : _state.Cause,
            Makespan = TimeSpan.FromSeconds(_now),
            UndisturbedMakespan = TimeSpan.FromSeconds(_now),
            CriticalPath = TimeSpan.FromSeconds(critical),
            WorkerSeconds = _workerSeconds,
            ComputeSeconds = _computed,
            TransferSeconds = _transferred,
            WastedSeconds = _wasted,
            BytesRead = _read,
            BytesWritten = _written,
            Attempts = _attempts,
            Items = _made,
            Twins = _twins,
            LostNodes = _lostNodes,
            Steps = _steps,
        };
    }

    private void Happen(SimulatedEvent what)
    {
        switch (what.Kind)
        {
            case SimulatedEventKind.NodeDies:
                Die(what.Subject);
                break;
            case SimulatedEventKind.NodeIsMissed:
                foreach (SimulatedWorker worker in _workers.Where(worker => worker.Node == what.Subject && !worker.IsAlive).ToArray())
                {
                    if (_state.IsPresent(worker.Name))
                    {
                        Send(new WorkerLost(Clock, worker.Name, "its node was lost", Drained: false));
                    }
                }

                break;
            case SimulatedEventKind.NodeJoins:
                Join(what.Subject);
                break;
            case SimulatedEventKind.Tick when Clock == _wake:
                Send(new Tick(Clock));
                break;
            case SimulatedEventKind.Tick:
                break;
            default:
                SimulatedWorker busy = _workers[what.Subject];
                if (busy.IsAlive && busy.Run == what.Run && busy.Item is not null)
                {
                    Proceed(what, busy);
                }

                break;
        }
    }

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
                double weights = worker.HasWeights(item) || IsRecorded(item) ? _now : Transfer(worker, item.Cost.ModelBytes, ref _read);
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
        return bytes > 0 ? Math.Max(_links[worker.Node].Transfer(_now, bytes), _store.Transfer(_now, bytes)) : _now;
    }

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

    private void Leave(SimulatedWorker worker)
    {
        worker.IsAlive = false;
        _workerSeconds += _now - worker.Joined;
        _wasted += worker.Item is null ? 0 : _now - worker.Began;
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

    // The scheduler's clock has milliseconds; an event may lie between two of them.
    private long Clock => (long)Math.Round(_now * 1000, MidpointRounding.ToEven);

    private void Send(SchedulerInput input)
    {
        _inbox.Enqueue(input);
        while (_inbox.TryDequeue(out SchedulerInput? next))
        {
            SchedulerStep step = Scheduler.Step(_state, next);
            _state = step.State;
            _steps++;
            if (step.Record is { } record)
            {
                _journal?.Invoke(record);
            }

            foreach (SchedulerOutput output in step.Outputs)
            {
                switch (output)
                {
                    case Assign assign:
                        Begin(assign);
                        break;
                    case Revoke revoke:
                        Stop(revoke);
                        break;
                    case Unserved unserved:
                        _unserved = unserved.Cause;
                        break;
                    case WakeAt wake:
                        _wake = wake.At;
                        _agenda.Add(Math.Max(_now, wake.At / 1000.0), new SimulatedEvent(SimulatedEventKind.Tick, 0, 0));
                        break;
                }
            }
        }
    }
}
