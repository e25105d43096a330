using MambaQuant.Quant.Tensors;
using Xunit;

namespace MambaQuant.Architecture;

public sealed class QuantFolderTests
{
    private const string Root = "MambaQuant.Quant";

    /// <summary>A folder uses only folders that stand before it.</summary>
    private static readonly string[] Order =
    [
        "Tensors", "Kernels", "Safetensors", "Tokenization", "Datasets", "Models", "Statistics", "Rotations", "Quantization",
        "Recipes", "Checkpoints", "Inference", "Smoothing", "Evaluation", "Method",
    ];

    [Fact]
    public void Folders_UseOnlyFoldersBeforeThem()
    {
        FolderGraph graph = Graph();

        string[] unknown = [.. graph.Folders.Except(Order)];
        Assert.True(unknown.Length == 0, $"new folders of Quant: give them a place in the order: {string.Join(", ", unknown)}");
        string[] backward = [.. graph.Arrows.Where(arrow => Array.IndexOf(Order, arrow.To) > Array.IndexOf(Order, arrow.From)).Select(arrow => $"{arrow.From} → {arrow.To}: {arrow.Where}")];
        Assert.True(backward.Length == 0, string.Join('\n', backward));
    }

    [Fact]
    public void Folders_FormNoCircle() => Assert.Null(Graph().FindCircle());

    [Fact]
    public void Graph_SeesTheArrowsThatEverybodyKnows()
    {
        FolderGraph graph = Graph();

        Assert.Contains(graph.Arrows, arrow => arrow is { From: "Kernels", To: "Tensors" });
        Assert.Contains(graph.Arrows, arrow => arrow is { From: "Models", To: "Kernels" });
    }

    private static FolderGraph Graph()
    {
        FolderGraph graph = new();
        graph.AddAssembly(typeof(Tensor).Assembly, Root);
        foreach (string path in SourceTree.Sources("src/Quant"))
        {
            graph.AddSource(path, SourceTree.Read(path), Root);
        }

        return graph;
    }
}
