using System.Collections.Immutable;
using MambaQuant.Pipeline.Planning;
using MambaQuant.Pipeline.Scheduling;
using MambaQuant.Pipeline.Scheduling.Inputs;
using MambaQuant.Pipeline.Scheduling.Outputs;
using MambaQuant.Testing.Scenarios;
using Xunit;

namespace MambaQuant.Pipeline.Tests.Scheduling;

/// <summary>The scheduler without any driver, its journal a list; every step is also replayed from that list's text.</summary>
internal sealed class BareScheduler : IScenarioDriver
{
    private readonly List<string> _journal = [];
    private WorkGraph? _graph;
    private SchedulerState _replayed = SchedulerState.Empty;

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
        }

        Assert.Equal(State.Describe(), _replayed.Describe());
        return step.Outputs;
    }

    public Task RestartAsync()
    {
        State = SchedulerState.Empty;
        foreach (string line in _journal)
        {
            State = Scheduler.Replay(State, Read(line));
        }

        return Task.CompletedTask;
    }

    private SchedulerInput Read(string line) =>
        SchedulingText.ReadInput(line) is var input && input is JobSubmitted submitted ? submitted with { Graph = _graph } : input;
}
