using Xunit;

namespace MambaQuant.Architecture;

public sealed class FolderGraphTests
{
    private const string Root = "MambaQuant.Architecture.MadeUp";

    [Fact]
    public void Circle_HiddenInMethodBodies_IsFound()
    {
        FolderGraph graph = new();

        graph.AddAssembly(typeof(MadeUp.Left.Front).Assembly, Root);

        Assert.Equal(["Left", "Right", "Left"], graph.FindCircle());
        Assert.Contains(graph.Arrows, arrow => arrow is { From: "Right", To: "Left" } && arrow.Where.Contains("Front", StringComparison.Ordinal));
    }

    [Fact]
    public void Circle_OfUsingDirectives_IsFound()
    {
        FolderGraph graph = new();

        graph.AddSource("a.cs", "using Made.B;\n\nnamespace Made.A;\n", "Made");
        Assert.Null(graph.FindCircle());
        graph.AddSource("b.cs", "using System;\nusing static Made.C.Deep.Thing;\nnamespace Made.B;\n", "Made");
        Assert.Null(graph.FindCircle());
        graph.AddSource("c.cs", "using Thing = Made.A.Other;\nnamespace Made.C.Deep;\n", "Made");

        Assert.Equal(["A", "B", "C", "A"], graph.FindCircle());
    }

    [Fact]
    public void Diamond_IsNoCircle()
    {
        FolderGraph graph = new();

        graph.AddSource("a.cs", "using Made.B;\nusing Made.C;\nnamespace Made.A;", "Made");
        graph.AddSource("b.cs", "using Made.D;\nnamespace Made.B;", "Made");
        graph.AddSource("c.cs", "using Made.D;\nnamespace Made.C;", "Made");

        Assert.Null(graph.FindCircle());
        Assert.Equal(["A", "B", "C", "D"], graph.Folders);
    }
}
