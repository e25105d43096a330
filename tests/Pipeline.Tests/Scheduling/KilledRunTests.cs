using System.Collections.Immutable;
using MambaQuant.Pipeline.Artifacts;
using MambaQuant.Pipeline.Planning;
using MambaQuant.Pipeline.Scheduling;
using MambaQuant.Pipeline.Scheduling.Inputs;
using MambaQuant.Testing;
using Xunit;

namespace MambaQuant.Pipeline.Tests.Scheduling;

/// <summary>The ledger by which the tests of kills tell what each killed run cost.</summary>
public sealed class KilledRunTests
{
    private readonly WorkGraph _graph = new([.. Enumerable.Range(0, 4).Select(index =>
        new WorkItem(index, WorkKind.Tokenize, -1, 0, index, new ArtifactKey(index.ToString("x64", null)), [], new WorkCost(4 - index, 0, 0, 0, 0)))]);
    private readonly List<SchedulerInput> _records = [];
    private SchedulerState _state = SchedulerState.Empty;

    [Theory]
    [InlineData(true, 2, 2)] // what both workers held is begun again, and nothing else
    [InlineData(false, 2, 3)] // what the first run had made is made again, too: more than was in flight
    public void RepeatedItems_CountForTheRunThatBeganThemLast(bool keeps, int inFlight, int repeated)
    {
        Begin([]);
        string made = Complete(0);
        Begin(keeps ? [new FinishedItem(0, made)] : []);
        while (_state.Status == JobStatus.Running)
        {
            Complete(_state.Leases.First().Item);
        }

        Assert.Equal([new KilledRun(inFlight, repeated)], KilledRun.Of(_records, _graph.Items.Length));
    }

    [Fact]
    public void EveryRunHasItsOwnCount()
    {
        Begin([]);
        Begin([]);
        string made = Complete(_state.Leases.First().Item);
        Begin([new FinishedItem(0, made)]);
        while (_state.Status == JobStatus.Running)
        {
            Complete(_state.Leases.First().Item);
        }

        Assert.Equal([new KilledRun(2, 2), new KilledRun(2, 2)], KilledRun.Of(_records, _graph.Items.Length));
        Assert.Empty(KilledRun.Of([], 0));
    }

    /// <summary>A process begins as the embedded engine does: it strikes off the workers of the one before, submits, and brings two of its own.</summary>
    private void Begin(ImmutableArray<FinishedItem> done)
    {
        foreach (string worker in _state.PresentWorkers.ToList())
        {
            Send(new WorkerLost(0, worker, "the process ended", Drained: true));
        }

        Send(new JobSubmitted(0, "job", "cpu", new SchedulerOptions(), done) { Graph = _graph });
        foreach (string worker in (string[])["w0", "w1"])
        {
            Send(new WorkerJoined(0, worker, long.MaxValue, "cpu"));
            Send(new WorkRequested(0, worker));
        }
    }

    private string Complete(int item)
    {
        LeaseName lease = _state.Leases.First(lease => lease.Item == item);
        Send(new WorkCompleted(0, lease.Worker, item, lease.Attempt, $"made-{item}", Asks: true));
        return $"made-{item}";
    }

    private void Send(SchedulerInput input)
    {
        SchedulerStep step = Scheduler.Step(_state, input);
        _state = step.State;
        if (step.Record is { } record)
        {
            _records.Add(record);
        }
    }
}
