using MambaQuant.Testing;
using MambaQuant.Testing.Scenarios;
using Xunit;

namespace MambaQuant.Pipeline.Tests.Scheduling;

/// <summary>Plays every transcript in Scenarios; MAMBAQUANT_REWRITE_SCENARIOS=1 writes what really happens into the files, to be read as a diff.</summary>
public sealed class ScenarioTests
{
    private static readonly string Folder = Repository.Path("tests", "Pipeline.Tests", "Scheduling", "Scenarios");

    public static TheoryData<string> Names => [.. Directory.GetFiles(Folder, "*.txt").Select(Path.GetFileNameWithoutExtension).Order(StringComparer.Ordinal).OfType<string>()];

    [Theory]
    [MemberData(nameof(Names))]
    public async Task Scenario_GoesAsTold(string name)
    {
        string path = Path.Combine(Folder, name + ".txt");
        string expected = await File.ReadAllTextAsync(path);

        string actual = await new ScenarioPlayer(new BareScheduler()).PlayAsync(expected);

        if (Environment.GetEnvironmentVariable("MAMBAQUANT_REWRITE_SCENARIOS") == "1")
        {
            await File.WriteAllTextAsync(path, actual);
        }
        else
        {
            Assert.Equal(expected, actual);
        }
    }
}
