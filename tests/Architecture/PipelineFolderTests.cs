using MambaQuant.Pipeline.Artifacts;
using Xunit;

namespace MambaQuant.Architecture;

public sealed class PipelineFolderTests
{
    private const string Root = "MambaQuant.Pipeline";

    /// <summary>A folder uses only folders that stand before it; nothing uses the simulation.</summary>
    private static readonly string[] Order = ["Artifacts", "Planning", "Inputs", "Scheduling", "Telemetry", "Execution", "Driving", "Local", "Simulation"];

    /// <summary>What the simulation may use: it runs the scheduler on plans, and nothing that does real work.</summary>
    private static readonly string[] Simulated = ["Planning", "Scheduling"];

    [Fact]
    public void Folders_UseOnlyFoldersBeforeThem()
    {
        FolderGraph graph = Graph();

        string[] unknown = [.. graph.Folders.Except(Order)];
        Assert.True(unknown.Length == 0, $"new folders of Pipeline: give them a place in the order: {string.Join(", ", unknown)}");
        string[] backward = [.. graph.Arrows.Where(arrow => Array.IndexOf(Order, arrow.To) > Array.IndexOf(Order, arrow.From)).Select(arrow => $"{arrow.From} → {arrow.To}: {arrow.Where}")];
        Assert.True(backward.Length == 0, string.Join('\n', backward));
    }

    [Fact]
    public void Simulation_UsesPlanningAndSchedulingOnly()
    {
        string[] wrong = [.. Graph().Arrows.Where(arrow => arrow.From == "Simulation" && !Simulated.Contains(arrow.To)).Select(arrow => arrow.Where)];

        Assert.True(wrong.Length == 0, string.Join('\n', wrong));
    }

    [Fact]
    public void Graph_SeesTheArrowsThatEverybodyKnows() =>
        Assert.Contains(Graph().Arrows, arrow => arrow is { From: "Scheduling", To: "Planning" });

    private static FolderGraph Graph()
    {
        FolderGraph graph = new();
        graph.AddAssembly(typeof(ArtifactKey).Assembly, Root);
        foreach (string path in SourceTree.Sources("src/Pipeline"))
        {
            graph.AddSource(path, SourceTree.Read(path), Root);
        }

        return graph;
    }
}
