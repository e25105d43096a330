using System.Globalization;
using System.Text.Json;
using System.Xml.Linq;
using MambaQuant.Testing;
using Xunit;

namespace MambaQuant.EndToEnd;

/// <summary>The report that the built program writes beside a checkpoint.</summary>
public sealed class ReportTests(QuantizedSample sample) : IClassFixture<QuantizedSample>
{
    private const string Hostile = "<script>alert(1)<title> \"x\" onload='y' \u0001\U0001F600 &lt;";

    [Fact]
    public void Report_StandsBesideEveryCheckpoint_AndIsNamed()
    {
        string page = File.ReadAllText(Path.Combine(sample.Folder, "report.html"));
        Assert.StartsWith("mambaquant W8A8", Parse(page).Root!.Descendants("h1").Single().Value, StringComparison.Ordinal);
        Assert.Contains($"report: {Path.Combine(sample.Folder, "report.html")}\n", sample.Run.Error, StringComparison.Ordinal);
    }

    [UnixFact]
    public void NamesOfFilesModelsAndRecipes_StayWords_AndFiguresAreThoseOfTheTable()
    {
        using TemporaryDirectory folder = new();
        string model = folder.File(Hostile), text = Path.Combine(folder.Path, $"{Hostile}.txt"), output = folder.File($"out {Hostile}");
        Directory.CreateDirectory(model);
        foreach (string file in Directory.EnumerateFiles(SampleModel.Folder))
        {
            File.Copy(file, Path.Combine(model, Path.GetFileName(file)));
        }

        File.WriteAllBytes(text, File.ReadAllBytes(SampleModel.EvaluationText).AsSpan(0, 4000).ToArray());
        string recipe = folder.Write("recipe.yaml", System.Text.Encoding.UTF8.GetBytes("""
            name: "</title></p><script>alert(2)</script>"
            modifiers:
              - Quantization: { scheme: W8A8 }
            """));

        ProgramRun run = ProgramRun.Of(
            ["quantize", model, "--out", output, "--recipe", recipe, "--calibration", text, "--evaluate", text, "--window", "64", .. QuantizedSample.Few]);

        Assert.True(run.ExitCode == 0, run.Error);
        string page = File.ReadAllText(Path.Combine(output, "report.html"));
        XDocument read = Parse(page);
        Assert.DoesNotContain(read.Descendants(), element => element.Name.LocalName == "script");
        Assert.DoesNotContain("<script", page, StringComparison.OrdinalIgnoreCase);
        Assert.Contains("</title></p><script>alert(2)</script> W8A8", read.Root!.Element("head")!.Element("title")!.Value, StringComparison.Ordinal);
        Assert.Contains($"of {model.Replace('\u0001', '\uFFFD')} ·", read.Root!.Value, StringComparison.Ordinal);
        string[] figures = run.Output.TrimEnd('\n').Split('\n')[^1].Split("  ", StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        Assert.All(figures.Skip(1), figure => Assert.Contains(read.Descendants("td"), cell => cell.Value == figure));
    }

    [Fact]
    public void SavedEvaluation_StandsInTheReport()
    {
        using TemporaryDirectory folder = new();
        string checkpoint = folder.File("checkpoint"), text = folder.Write("text.txt", File.ReadAllBytes(SampleModel.EvaluationText).AsSpan(0, 1000));
        Directory.CreateDirectory(checkpoint);
        foreach (string file in Directory.EnumerateFiles(sample.Folder))
        {
            File.Copy(file, Path.Combine(checkpoint, Path.GetFileName(file)));
        }

        ProgramRun run = ProgramRun.Of("evaluate", checkpoint, "--reference", SampleModel.Folder, "--text", text, "--window", "64", "--save");

        Assert.True(run.ExitCode == 0, run.Error);
        using JsonDocument saved = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(checkpoint, "evaluation.json")));
        JsonElement quantized = saved.RootElement.GetProperty("quantized");
        Assert.Contains($"perplexity: {quantized.GetProperty("perplexity").GetDouble():0.0000}\n", run.Output, StringComparison.Ordinal);
        Assert.True(quantized.GetProperty("tokens_per_second").GetDouble() > 0);
        XDocument page = Parse(File.ReadAllText(Path.Combine(checkpoint, "report.html")));
        Assert.Contains(page.Descendants("td"), cell => cell.Value == quantized.GetProperty("perplexity").GetDouble().ToString("0.000", CultureInfo.InvariantCulture));
        Assert.Contains(page.Descendants("td"), cell => cell.Value == saved.RootElement.GetProperty("float").GetProperty("perplexity").GetDouble().ToString("0.000", CultureInfo.InvariantCulture));
        Assert.Equal(2, ProgramRun.Of("evaluate", SampleModel.Folder, "--text", text, "--save").ExitCode);
    }

    private static XDocument Parse(string page) => XDocument.Parse(page.Replace("<!DOCTYPE html>\n", string.Empty, StringComparison.Ordinal), LoadOptions.PreserveWhitespace);
}
