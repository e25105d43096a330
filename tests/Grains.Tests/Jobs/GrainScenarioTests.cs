using System.Collections.Immutable;
using MambaQuant.Grains.Tests.Cluster;
using MambaQuant.Pipeline.Planning;
using MambaQuant.Pipeline.Scheduling;
using MambaQuant.Pipeline.Scheduling.Inputs;
using MambaQuant.Pipeline.Scheduling.Outputs;
using MambaQuant.Testing;
using MambaQuant.Testing.Scenarios;
using Xunit;

namespace MambaQuant.Grains.Tests.Jobs;

/// <summary>The scenarios of the scheduler, word for word, through conductors in grains; a restart is a deactivation.</summary>
[Collection(OneClusterAtATime.Name)]
public sealed class GrainScenarioTests
{
    private static readonly string Folder = Repository.Path("tests", "Pipeline.Tests", "Scheduling", "Scenarios");

    [Fact]
    public async Task Scenarios_GoAsTold()
    {
        await using SmallCluster cluster = await SmallCluster.StartAsync(silos: 2, slots: 0);
        List<string> wrong = [];
        foreach (string path in Directory.GetFiles(Folder, "*.txt").Order(StringComparer.Ordinal))
        {
            string expected = await File.ReadAllTextAsync(path);
            string actual = await new ScenarioPlayer(new Driver(cluster, Path.GetFileNameWithoutExtension(path))).PlayAsync(expected);
            if (expected != actual)
            {
                wrong.Add($"{path}:\n{actual}");
            }
        }

        Assert.True(wrong.Count == 0, string.Join('\n', wrong));
    }

    private sealed class Driver(SmallCluster cluster, string name) : IScenarioDriver
    {
        private readonly IScenarioGrain _grain = cluster.Cluster.Client.GetGrain<IScenarioGrain>(name);

        public async Task<ImmutableArray<SchedulerOutput>> SendAsync(SchedulerInput input)
        {
            ScenarioGrain.Graphs.TryAdd(name, new WorkGraph([]));
            if (input is JobSubmitted { Graph: { } graph } && ScenarioGrain.Graphs[name].Items.IsEmpty)
            {
                ScenarioGrain.Graphs[name] = graph;
            }

            return [.. (await _grain.SendAsync(SchedulingText.Write(input))).Select(SchedulingText.ReadOutput)];
        }

        public Task RestartAsync() => cluster.Cluster.DeactivateAsync(_grain.GetGrainId());
    }
}
