using MambaQuant.Quant.Checkpoints;
using MambaQuant.Quant.Evaluation;
using MambaQuant.Testing;
using Xunit;

namespace MambaQuant.Quant.Tests.Documentation;

public sealed class LibraryExampleTests
{
    [Fact]
    public void Example_RunsOnTheSample()
    {
        using var folder = new TemporaryDirectory();
        EvaluationResult result = LibraryExample.Run(
            Repository.Path("samples", "mamba-5m"), Repository.Path("samples", "mamba-5m", "eval.txt"), folder.File("quantized"));
        Assert.Equal(ModelFormat.Quantized, ModelFormats.Detect(folder.File("quantized")));
        Assert.Equal(512, result.Tokens);
        Assert.InRange(result.KlMean!.Value, 0, 0.1);
        Assert.InRange(result.Top1Agreement!.Value, 0.8, 1);
    }

    [Fact]
    public void Document_ShowsTheProgramThatIsTested()
    {
        string[] source = Between(
            File.ReadAllLines(Repository.Path("tests", "Quant.Tests", "Documentation", "LibraryExample.cs")), "        // BEGIN", "        // END");
        string[] program = [.. source.Select(line => line.Length == 0 ? line : line["        ".Length..])];
        string[] shown = Between(File.ReadAllLines(Repository.Path("docs", "library.md")), "```csharp", "```");
        Assert.Equal(program, shown.SkipWhile(line => line.StartsWith("using ", StringComparison.Ordinal) && line.EndsWith(';') && !line.Contains('=') || line.Length == 0));
    }

    [Fact]
    public void Document_ImportsWhatTheProgramImports()
    {
        static IEnumerable<string> Imports(IEnumerable<string> lines) => lines.Where(line => line.StartsWith("using MambaQuant", StringComparison.Ordinal));
        Assert.Equal(
            Imports(File.ReadLines(Repository.Path("tests", "Quant.Tests", "Documentation", "LibraryExample.cs"))),
            Imports(File.ReadLines(Repository.Path("docs", "library.md"))));
    }

    private static string[] Between(string[] lines, string first, string last) =>
        [.. lines.SkipWhile(line => line != first).Skip(1).TakeWhile(line => line != last)];
}
