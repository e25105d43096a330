using MambaQuant.Pipeline.Planning;
using MambaQuant.Pipeline.Scheduling;
using MambaQuant.Pipeline.Scheduling.Inputs;
using MambaQuant.Pipeline.Scheduling.Outputs;

namespace MambaQuant.Pipeline.Simulation;

/// <summary>One simulated run.</summary>
internal sealed partial class SimulatedCluster
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
    private readonly SimulatedNode[] _nodes;
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
        _nodes = [.. Enumerable.Range(0, _cluster.Nodes).Select(_ => new SimulatedNode(_cluster))];
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

        double critical = UpwardRank.Of(_graph, item => ClusterSimulator.LeastSeconds(item, _options)).DefaultIfEmpty(0).Max();
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
                Miss(what.Subject);
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
