using System.Text.Json;
using System.Xml.Linq;
using MambaQuant.Dashboard.Reports;
using MambaQuant.Pipeline.Driving;
using MambaQuant.Pipeline.Local;
using MambaQuant.Quant.Kernels.Cpu;
using MambaQuant.Quant.Recipes;
using MambaQuant.Testing;
using Xunit;

namespace MambaQuant.Client.Tests.Commands;

public sealed class CompareCommandTests : IDisposable
{
    private readonly TemporaryDirectory _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Checkpoints_AreComparedWithWhatTheyHave()
    {
        string judged = Quantize(RecipePresets.QuaRot), plain = Quantize(RecipePresets.RoundToNearest), page = _folder.File("page.html");
        new CheckpointEvaluation
        {
            Text = "text.txt",
            WindowLength = 8,
            Windows = 2,
            Tokens = 16,
            Scored = 14,
            Float = new ModelEvaluation { Compute = "float", SizeBytes = 100, Perplexity = 20, Nll = 3 },
            Quantized = new ModelEvaluation { Compute = "integer", SizeBytes = 50, Perplexity = 21, Nll = 3.1, KlMean = 0.012345, Top1Agreement = 0.9 },
        }.Write(judged);

        CapturedRun run = new("compare", judged, plain, "--out", page);

        Assert.True(run.ExitCode == ExitCodes.Success, run.Error);
        string[] lines = run.Output.TrimEnd('\n').Split('\n');
        Assert.Equal(4, lines.Length);
        Assert.Matches(@"quarot W8A8 +21\.000 +\+5\.00 % +0\.0123\d +90\.00 % +0\.0 MB +\d+\.\d dB +\d+\.\d dB$", lines[2]);
        Assert.Matches(@"rtn W8A8 +– +– +– +– +0\.0 MB +\d+\.\d dB +\d+\.\d dB$", lines[3]);
        XDocument read = XDocument.Parse(File.ReadAllText(page).Replace("<!DOCTYPE html>\n", string.Empty, StringComparison.Ordinal));
        Assert.Contains(read.Descendants("td"), cell => cell.Value == "+5.00 %");
        Assert.DoesNotContain(read.Descendants(), element => element.Name.LocalName == "script");
        Assert.True(read.Descendants().Count(element => element.Attribute("role")?.Value == "img") > 10);

        CapturedRun json = new("compare", judged, plain, "--format", "json");
        JsonElement[] checkpoints = [.. JsonDocument.Parse(json.Output).RootElement.GetProperty("checkpoints").EnumerateArray()];
        Assert.Equal(["quarot", "rtn"], checkpoints.Select(checkpoint => checkpoint.GetProperty("recipe").GetString()));
        Assert.Equal(21, checkpoints[0].GetProperty("evaluation").GetProperty("quantized").GetProperty("perplexity").GetDouble());
        Assert.Equal(JsonValueKind.Null, checkpoints[1].GetProperty("evaluation").ValueKind);
    }

    [Fact]
    public void FolderThatIsNone_IsNamed()
    {
        string good = Quantize(RecipePresets.RoundToNearest), none = _folder.File("none");
        CapturedRun run = new("compare", good, none);
        Assert.Equal(ExitCodes.InvalidCheckpoint, run.ExitCode);
        Assert.Contains($"'{none}' is no checkpoint that this program made: expected a folder with report.json, found no such folder", run.Error, StringComparison.Ordinal);
        Assert.Contains("found a folder without it", new CapturedRun("compare", good, _folder.File("model")).Error, StringComparison.Ordinal);
        Assert.Empty(run.Output);
    }

    [Fact]
    public void PageThatIsThere_IsLeftAsItIs()
    {
        string page = _folder.Write("page.html", "mine"u8);
        CapturedRun run = new("compare", "a", "b", "--out", page);
        Assert.Equal(ExitCodes.OutputNotEmpty, run.ExitCode);
        Assert.Equal("mine", File.ReadAllText(page));
    }

    [Fact]
    public void OneCheckpoint_IsTooFew() => Assert.Equal(ExitCodes.Usage, new CapturedRun("compare", "a").ExitCode);

    private string Quantize(string preset)
    {
        string model = _folder.File("model"), output = _folder.File(preset);
        if (!Directory.Exists(model))
        {
            Directory.CreateDirectory(model);
            new SyntheticMamba { Seed = 7, Config = new SyntheticMamba().Config with { VocabularySize = 40, DModel = 12, DInner = 24, DState = 4, DtRank = 4 } }.Write(model);
        }

        using var kernels = new CpuKernels(new CpuKernelsOptions { Threads = 1 });
        QuantizeOptions options = QuantizeOptions.Of(model, output, RecipePresets.Get(preset, "W8A8", strict: false)) with
        {
            Calibration = new CalibrationOptions { Samples = 4, SequenceLength = 16, SearchSamples = 4, Seed = 1 },
        };
        new LocalEngine(kernels, TimeProvider.System).Quantize(options, new Progress<StageProgress>(), CancellationToken.None);
        return output;
    }
}
