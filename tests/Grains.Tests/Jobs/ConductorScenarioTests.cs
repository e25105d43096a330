using MambaQuant.Testing;
using MambaQuant.Testing.Scenarios;
using Xunit;

namespace MambaQuant.Grains.Tests.Jobs;

/// <summary>The scenarios of the scheduler, word for word, through the cluster's conductor.</summary>
public sealed class ConductorScenarioTests
{
    private static readonly string Folder = Repository.Path("tests", "Pipeline.Tests", "Scheduling", "Scenarios");

    public static TheoryData<string> Names => [.. Directory.GetFiles(Folder, "*.txt").Select(Path.GetFileNameWithoutExtension).Order(StringComparer.Ordinal).OfType<string>()];

    [Theory]
    [MemberData(nameof(Names))]
    public async Task Scenario_GoesAsTold(string name)
    {
        string expected = await File.ReadAllTextAsync(Path.Combine(Folder, name + ".txt"));

        Assert.Equal(expected, await new ScenarioPlayer(new ConductedScenario()).PlayAsync(expected));
    }
}
