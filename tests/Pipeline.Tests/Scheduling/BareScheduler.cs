using System.Collections.Immutable;
using MambaQuant.Pipeline.Planning;
using MambaQuant.Pipeline.Scheduling;
using MambaQuant.Pipeline.Scheduling.Inputs;
using MambaQuant.Pipeline.Scheduling.Outputs;
using MambaQuant.Testing.Scenarios;
using Xunit;

namespace MambaQuant.Pipeline.Tests.Scheduling;

/// <summary>
/// The scheduler without any driver, its journal a list. Every step is also replayed from that list's text, and from a snapshot taken some records before
/// with what came behind it. After a restart the job goes on from the snapshot, and beside it a twin from the whole journal, which must say the same.
/// </summary>
internal sealed class BareScheduler : IScenarioDriver
{
    private readonly List<string> _journal = [];
    private WorkGraph? _graph;
    private SchedulerState _replayed = SchedulerState.Empty;
    private SchedulerState _recovered = SchedulerState.Empty;
    private SchedulerState? _twin;

    /// <summary>Records between two snapshots.</summary>
    private const int RecordsBetween = 7;

    /// <summary>Restarts that went on from a snapshot.</summary>
    public int RecoveriesFromSnapshots { get; private set; }

    public SchedulerState State { get; private set; } = SchedulerState.Empty;

    public Task<ImmutableArray<SchedulerOutput>> SendAsync(SchedulerInput input) => Task.FromResult(Send(input));

    public ImmutableArray<SchedulerOutput> Send(SchedulerInput input)
    {
        _graph ??= (input as JobSubmitted)?.Graph;
        SchedulerStep step = Scheduler.Step(State, input);
        State = step.State;
        if (step.Record is { } record)
        {
            string line = SchedulingText.Write(record);
            _journal.Add(line);
            _replayed = Scheduler.Replay(_replayed, Read(line));
            _recovered = Scheduler.Replay(_recovered, Read(line));
            if (_journal.Count % RecordsBetween == 0 && _graph is not null)
            {
                _recovered = StateSnapshot.Read(StateSnapshot.Write(State, _journal.Count, record.At), _graph);
                StateAudit.Check(_recovered);
            }
        }

        Assert.Equal(State.Describe(), _replayed.Describe());
        Assert.Equal(State.Describe(), _recovered.Describe());
        CompareWithTwin(input, step);
        return step.Outputs;
    }

    private void CompareWithTwin(SchedulerInput input, SchedulerStep step)
    {
        if (_twin is null)
        {
            return;
        }

        SchedulerStep twin = Scheduler.Step(_twin, input);
        _twin = twin.State;
        Assert.Equal(twin.Outputs.Select(SchedulingText.Write), step.Outputs.Select(SchedulingText.Write));
        Assert.Equal(twin.Record is null ? null : SchedulingText.Write(twin.Record), step.Record is null ? null : SchedulingText.Write(step.Record));
    }

    public Task RestartAsync()
    {
        _twin = SchedulerState.Empty;
        foreach (string line in _journal)
        {
            _twin = Scheduler.Replay(_twin, Read(line));
        }

        RecoveriesFromSnapshots += _journal.Count >= RecordsBetween ? 1 : 0;
        State = _recovered;
        return Task.CompletedTask;
    }

    private SchedulerInput Read(string line) =>
        SchedulingText.ReadInput(line) is var input && input is JobSubmitted submitted ? submitted with { Graph = _graph } : input;
}
