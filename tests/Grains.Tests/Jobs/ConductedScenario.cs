using System.Collections.Immutable;
using MambaQuant.Grains.Jobs;
using MambaQuant.Pipeline.Artifacts;
using MambaQuant.Pipeline.Planning;
using MambaQuant.Pipeline.Scheduling.Inputs;
using MambaQuant.Pipeline.Scheduling.Outputs;
using MambaQuant.Testing;
using MambaQuant.Testing.Scenarios;

namespace MambaQuant.Grains.Tests.Jobs;

/// <summary>The conductor as a scenario's driver: the journal is all that outlives a restart.</summary>
internal sealed class ConductedScenario : IScenarioDriver
{
    private readonly IArtifactStore _store = new MemoryArtifactStore();
    private WorkGraph _graph = new([]);
    private JobConductor? _conductor;
    private int _owners;

    public async Task<ImmutableArray<SchedulerOutput>> SendAsync(SchedulerInput input)
    {
        if (input is JobSubmitted { Graph: { } graph } && _graph.Items.IsEmpty)
        {
            _graph = graph;
        }

        // The clock stands still: no tick comes but those that the scenario sends.
        _conductor ??= await JobConductor.OpenAsync(
            new ConductedJob("job", _graph, "cpu", null), $"owner {++_owners}", _store, new StandingClock(), CancellationToken.None);
        Task<ImmutableArray<SchedulerOutput>> said = _conductor.SendAsync(input);
        await _conductor.NextAsync(CancellationToken.None);
        return await said;
    }

    public Task RestartAsync()
    {
        _conductor?.Close();
        _conductor = null;
        return Task.CompletedTask;
    }
}
