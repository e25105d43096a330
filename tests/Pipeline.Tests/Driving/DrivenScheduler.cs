using System.Collections.Immutable;
using MambaQuant.Pipeline.Driving;
using MambaQuant.Pipeline.Planning;
using MambaQuant.Pipeline.Scheduling.Inputs;
using MambaQuant.Pipeline.Scheduling.Outputs;
using MambaQuant.Testing;
using MambaQuant.Testing.Scenarios;

namespace MambaQuant.Pipeline.Tests.Driving;

/// <summary>The embedded engine's driver without workers: what they would do is told by the scenario, the journal is all that outlives a restart.</summary>
internal sealed class DrivenScheduler : IScenarioDriver
{
    private readonly MemoryArtifactStore _store = new();
    private WorkGraph _graph = new([]);
    private SchedulerDriver? _driver;
    private int _owners;

    public async Task<ImmutableArray<SchedulerOutput>> SendAsync(SchedulerInput input)
    {
        if (input is JobSubmitted { Graph: { } graph } && _graph.Items.IsEmpty)
        {
            _graph = graph;
        }

        // The clock stands still: no tick comes but those that the scenario sends.
        _driver ??= await SchedulerDriver.OpenAsync(_store, "job", _graph, $"owner {++_owners}", new StandingClock(), _ => false, CancellationToken.None);
        _driver.Post(input);
        return await _driver.NextAsync(CancellationToken.None);
    }

    public Task RestartAsync()
    {
        _driver = null;
        return Task.CompletedTask;
    }

    private sealed class StandingClock : TimeProvider
    {
        public override long GetTimestamp() => 0;
    }
}
