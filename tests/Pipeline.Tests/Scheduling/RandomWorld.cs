using System.Collections.Immutable;
using System.Globalization;
using MambaQuant.Pipeline.Planning;
using MambaQuant.Pipeline.Scheduling;
using MambaQuant.Pipeline.Scheduling.Inputs;
using MambaQuant.Pipeline.Scheduling.Outputs;
using Xunit;

namespace MambaQuant.Pipeline.Tests.Scheduling;

/// <summary>
/// Workers, a store and a network that misbehave as their seed tells: messages are lost, doubled and overtake each other, workers die, hang
/// and come back, artifacts vanish, the owner dies, the clock jumps. After a number of faults all is well again, so that a job can end.
/// </summary>
internal sealed class RandomWorld
{
    private const string Profile = "cpu";

    private readonly Random _random;
    private readonly BareScheduler _scheduler = new();
    private readonly WorkGraph _graph;
    private readonly SchedulerOptions _options;
    private readonly List<SchedulerInput> _network = [];
    private readonly SortedDictionary<string, (int Item, int Attempt)?> _workers = new(StringComparer.Ordinal);
    private readonly HashSet<int> _stored = [];
    private long _clock;
    private int _faultsLeft;
    private int _workersMade;

    public RandomWorld(int seed, int faults, SchedulerOptions options)
    {
        _random = new Random(seed);
        _graph = RandomGraphs.Any(_random, 25);
        _options = options;
        _faultsLeft = faults;
    }

    public SchedulerState State => _scheduler.State;

    public int Items => _graph.Items.Length;

    public int Assigned { get; private set; }

    public int Returned { get; private set; }

    public int Reopened { get; private set; }

    public int Twins { get; private set; }

    public int Nondeterminisms { get; private set; }

    public int Resubmissions { get; private set; }

    /// <summary>Restarts that went on from a snapshot.</summary>
    public int Recoveries => _scheduler.RecoveriesFromSnapshots;

    public static string Checksum(int item) => string.Create(CultureInfo.InvariantCulture, $"made-{item}");

    /// <summary>Runs until the job ends.</summary>
    public JobStatus Run()
    {
        Send(new JobSubmitted(_clock, "job", Profile, _options, []) { Graph = _graph });
        for (int step = 0; State.Status == JobStatus.Running; step++)
        {
            Assert.True(step < 20_000, $"the job does not end:\n{State.Describe()}");
            Act();
        }

        return State.Status;
    }

    private void Act()
    {
        bool mayFail = _faultsLeft > 0;
        switch (_random.Next(mayFail ? 16 : 10))
        {
            case < 4:
                Deliver(mayFail);
                break;
            case < 7:
                Work(mayFail);
                break;
            case 7:
                _clock += _random.Next(20_000);
                Send(new Tick(_clock));
                break;
            case 8:
                Ask();
                break;
            case 9:
                KeepTwoWorkers();
                break;
            case 10:
                (_random.Next(2) == 0 ? Kill : (Action)Yield)();
                break;
            case 11:
                Forget();
                break;
            case 12 when _stored.Count > 0:
                _faultsLeft--;
                _stored.Remove(_stored.ElementAt(_random.Next(_stored.Count)));
                break;
            case 13:
                _faultsLeft--;
                _clock += _random.Next(-3_600_000, 3_600_000);
                Send(new Tick(_clock));
                break;
            case 14 when _random.Next(4) == 0:
                _faultsLeft--;
                _scheduler.RestartAsync();
                Send(new JobAdopted(_random.Next(1_000_000), "successor"));
                break;
            case 15 when _random.Next(8) == 0:
                Resubmit();
                break;
        }
    }

    private void Send(SchedulerInput input)
    {
        SchedulerState before = State;
        ImmutableArray<SchedulerOutput> outputs = _scheduler.Send(input);
        StateAudit.Check(State);
        foreach (SchedulerOutput output in outputs)
        {
            switch (output)
            {
                case Assign assign:
                    Check(before, assign);
                    if (_workers.ContainsKey(assign.Worker) && (_faultsLeft == 0 || _random.Next(20) > 0))
                    {
                        _workers[assign.Worker] = (assign.Item, assign.Attempt);
                    }

                    break;
                case Revoke revoke:
                    if (_workers.TryGetValue(revoke.Worker, out (int Item, int Attempt)? held) && held == (revoke.Item, revoke.Attempt))
                    {
                        _workers[revoke.Worker] = null;
                    }

                    break;
                case Nondeterminism:
                    Nondeterminisms++;
                    break;
                case Pipeline.Scheduling.Outputs.Returned:
                    Returned++;
                    break;
                case Pipeline.Scheduling.Outputs.Reopened:
                    Reopened++;
                    break;
            }
        }
    }

    private void Check(SchedulerState before, Assign assign)
    {
        // An assignment repeated because its worker asked again is not a new attempt.
        if (before.Leases.Contains(new LeaseName(assign.Worker, assign.Item, assign.Attempt)))
        {
            return;
        }

        Assigned++;
        Twins += State.Items[assign.Item].Twin != ItemState.Nobody ? 1 : 0;
        foreach (int need in _graph.Items[assign.Item].Needs)
        {
            Assert.Equal(ItemStatus.Done, State.StatusOf(need));
        }
    }

    private void Deliver(bool mayFail)
    {
        if (_network.Count == 0)
        {
            return;
        }

        int chosen = _random.Next(_network.Count);
        SchedulerInput message = _network[chosen] with { At = _clock };
        if (mayFail && _random.Next(10) == 0)
        {
            _faultsLeft--;
            if (_random.Next(2) == 0)
            {
                _network.RemoveAt(chosen);
                return;
            }
        }
        else
        {
            _network.RemoveAt(chosen);
        }

        Send(message);
    }

    private void Work(bool mayFail)
    {
        if (_workers.Count == 0)
        {
            return;
        }

        (string name, (int Item, int Attempt)? work) = _workers.ElementAt(_random.Next(_workers.Count));
        if (work is not { } held)
        {
            return;
        }

        if (_graph.Items[held.Item].Needs.FirstOrDefault(need => !_stored.Contains(need), -1) is var lost and >= 0)
        {
            _network.Add(new WorkFailed(_clock, name, held.Item, held.Attempt, WorkFailure.InputLost, "not found", lost));
        }
        else if (mayFail && _random.Next(6) == 0)
        {
            _faultsLeft--;
            _network.Add(new WorkFailed(_clock, name, held.Item, held.Attempt, WorkFailure.Transient, "broken"));
        }
        else if (_random.Next(3) == 0)
        {
            _network.Add(new LeaseRenewed(_clock, name, held.Item, held.Attempt, _random.Next(3)));
            return;
        }
        else
        {
            _stored.Add(held.Item);
            _network.Add(new WorkCompleted(_clock, name, held.Item, held.Attempt, Checksum(held.Item), _random.Next(2) == 0));
        }

        _workers[name] = null;
    }

    private void Ask()
    {
        foreach (string name in _workers.Where(worker => worker.Value is null).Select(worker => worker.Key).ToArray())
        {
            Send(new WorkRequested(_clock, name));
        }
    }

    /// <summary>Somebody is always there in the end that can make every item; others have too little memory, or another profile.</summary>
    private void KeepTwoWorkers()
    {
        if (_workers.Count < 2)
        {
            string name = string.Create(CultureInfo.InvariantCulture, $"w{_workersMade++ % 7}");
            bool able = _faultsLeft == 0 || _random.Next(2) == 0;
            _workers[name] = null;
            Send(new WorkerJoined(_clock, name, able ? 8L << 30 : _random.Next(4) << 30, able || _random.Next(3) > 0 ? Profile : "cuda"));
        }
        else if (_faultsLeft == 0 && !_workers.Keys.Any(name => State.Workers[State.WorkerIndices[name]] is { Profile: Profile, Memory: 8L << 30 }))
        {
            string name = _workers.First().Key;
            _workers.Remove(name);
            Send(new WorkerLost(_clock, name, "of no use", Drained: true));
        }
    }

    private void Kill()
    {
        if (_workers.Count > 0)
        {
            _faultsLeft--;
            string name = _workers.ElementAt(_random.Next(_workers.Count)).Key;
            _workers.Remove(name);
            Send(new WorkerLost(_clock, name, "died", _random.Next(2) == 0));
        }
    }

    /// <summary>A worker that thinks it has nothing to do would go; it may have been given something.</summary>
    private void Yield()
    {
        if (_workers.Count > 0)
        {
            string name = _workers.ElementAt(_random.Next(_workers.Count)).Key;
            int held = State.Leases.Count(lease => lease.Worker == name);
            Send(new WorkerLost(_clock, name, "wanted elsewhere", Drained: true) { OnlyIfFree = true });
            Assert.Equal(held, State.Leases.Count(lease => lease.Worker == name));
            if (!State.IsPresent(name))
            {
                _workers.Remove(name);
            }
        }
    }

    /// <summary>A worker hangs, or dies without anybody noticing, and starts over under its name.</summary>
    private void Forget()
    {
        if (_workers.Count > 0)
        {
            _faultsLeft--;
            _workers[_workers.ElementAt(_random.Next(_workers.Count)).Key] = null;
        }
    }

    private void Resubmit()
    {
        _faultsLeft--;
        Resubmissions++;
        Send(new JobSubmitted(_clock, "job", Profile, _options, [.. _stored.Select(item => new FinishedItem(item, Checksum(item)))]) { Graph = _graph });
    }
}
