using System.Globalization;
using System.Text;
using System.Text.Json;
using MambaQuant.Testing;
using Xunit;

namespace MambaQuant.Client.Tests.Quantizing;

public sealed class QuantizeRunTests : IDisposable
{
    private readonly TemporaryDirectory _folder = new();
    private readonly string _model;

    public QuantizeRunTests()
    {
        _model = Directory.CreateDirectory(_folder.File("model")).FullName;
        new SyntheticMamba().Write(_model);
    }

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Report_ThatCannotBeWrittenCostsNeitherTheRunNorTheOtherRecipes()
    {
        string blocked = Path.Combine(_folder.File("out"), "rtn");
        using Listener error = new((heard, line) =>
        {
            // The folder appears as a whole, and its page is written when this line is out.
            if (line.Contains("with rtn W8A8: done in", StringComparison.Ordinal))
            {
                Directory.CreateDirectory(Path.Combine(blocked, "report.html.partial"));
            }
        });

        int code = Run(error, "quantize", _model, "--out", _folder.File("out"), "--preset", "rtn,quarot", "--samples", "4", "--seq-len", "16");

        Assert.True(code == ExitCodes.Success, error.Text);
        Assert.Matches($@"(?m)^warning: the report of {blocked} is not complete: .*report\.html\.partial.*evaluate {blocked} --text FILE --save", error.Text);
        Assert.DoesNotContain($"report: {blocked}", error.Text, StringComparison.Ordinal);
        Assert.Contains($"report: {Path.Combine(_folder.File("out"), "quarot", "report.html")}", error.Text, StringComparison.Ordinal);
        Assert.True(File.Exists(Path.Combine(_folder.File("out"), "quarot", "report.html")));
        Assert.False(File.Exists(Path.Combine(blocked, "report.html")));
    }

    [Fact]
    public void Damage_IsToldWhenItIsFound()
    {
        string store = _folder.File("store");
        string[] job = ["quantize", _model, "--preset", "mambaquant", "--samples", "4", "--seq-len", "16", "--store", store];
        using Listener first = new((_, _) => { });
        Assert.True(Run(first, [.. job, "--out", _folder.File("first")]) == ExitCodes.Success, first.Text);
        foreach (string file in Directory.EnumerateFiles(store, "layer.sealed", SearchOption.AllDirectories))
        {
            byte[] content = File.ReadAllBytes(file);
            content[content.Length / 2] ^= 1;
            File.WriteAllBytes(file, content);
        }

        using Listener error = new((_, _) => { });
        Assert.True(Run(error, [.. job, "--out", _folder.File("second")]) == ExitCodes.Success, error.Text);

        int warning = error.Text.IndexOf("\n  warning: ", StringComparison.Ordinal);
        Assert.True(warning > 0 && warning < error.Text.LastIndexOf(": done in", StringComparison.Ordinal), error.Text);
        Assert.DoesNotContain("\nwarning: ", error.Text, StringComparison.Ordinal);
    }

    [Fact]
    public void SavedEvaluation_LeavesThePageAllThatItHad()
    {
        string sample = Repository.Path("samples", "mamba-5m"), output = _folder.File("out"), rtn = Path.Combine(output, "rtn");
        string text = _folder.Write("text.txt", File.ReadAllBytes(Path.Combine(sample, "eval.txt")).AsSpan(0, 400));
        using Listener error = new((_, _) => { });
        string[] quantize = ["quantize", sample, "--out", output, "--preset", "rtn,smoothquant", "--calibration", text, "--samples", "2", "--seq-len", "16", "--blocks", "2", "--shards", "1"];
        Assert.True(Run(error, quantize) == ExitCodes.Success, error.Text);
        string[] before = WordsOf(rtn);

        Assert.True(Run(error, "evaluate", rtn, "--text", text, "--window", "16", "--compute", "simulated", "--save") == ExitCodes.Success, error.Text);

        string[] after = WordsOf(rtn);
        string[] missing = [.. before.Except(after)];
        Assert.True(missing.All(line => line.Contains("Sizes, and", StringComparison.Ordinal)), string.Join('\n', missing));
        string page = File.ReadAllText(Path.Combine(rtn, "report.html"));
        Assert.Contains("smoothquant W8A8", page, StringComparison.Ordinal);
        Assert.Contains($"--calibration {text} ", page, StringComparison.Ordinal);
        Assert.Contains("--blocks 2 --shards 1", page, StringComparison.Ordinal);
        Assert.Contains($"--text {text} --window 16 --compute simulated", page, StringComparison.Ordinal);
        string figure = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(rtn, "evaluation.json"))).RootElement.GetProperty("quantized").GetProperty("perplexity").GetDouble().ToString("0.000", CultureInfo.InvariantCulture);
        Assert.Contains(figure, File.ReadAllText(Path.Combine(output, "smoothquant", "report.html")), StringComparison.Ordinal);
    }

    [Fact]
    public void Speed_OfAnEvaluationStandsBesideItsFigures_AndWhereItWasReusedThatIsSaid()
    {
        string sample = Repository.Path("samples", "mamba-5m");
        string text = _folder.Write("text.txt", File.ReadAllBytes(Path.Combine(sample, "eval.txt")).AsSpan(0, 400));
        string[] quantize = ["quantize", sample, "--preset", "rtn", "--calibration", text, "--samples", "2", "--seq-len", "16", "--evaluate", text, "--window", "16", "--workers", "2", "--store", _folder.File("store")];
        using Listener error = new((_, _) => { });
        Assert.True(Run(error, [.. quantize, "--out", _folder.File("first")]) == ExitCodes.Success, error.Text);
        Assert.True(Run(error, [.. quantize, "--out", _folder.File("second")]) == ExitCodes.Success, error.Text);

        using JsonDocument first = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(_folder.File("first"), "evaluation.json")));
        foreach (string model in new[] { "float", "quantized" })
        {
            JsonElement figures = first.RootElement.GetProperty(model);
            double speed = figures.GetProperty("tokens_per_second").GetDouble();
            Assert.True(speed > 0, model);
            Assert.Equal(2, figures.GetProperty("workers").GetInt32());
            Assert.Contains($"{speed.ToString("N0", CultureInfo.InvariantCulture)}, with 2 workers", WordsOf(_folder.File("first")));
        }

        using JsonDocument second = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(_folder.File("second"), "evaluation.json")));
        Assert.False(second.RootElement.GetProperty("float").TryGetProperty("tokens_per_second", out _));
        Assert.Contains(WordsOf(_folder.File("second")), line => line.Contains("mambaquant evaluate FOLDER --text FILE --reference MODEL --save measures it", StringComparison.Ordinal));
    }

    private static string[] WordsOf(string checkpoint) =>
        [.. System.Text.RegularExpressions.Regex.Split(File.ReadAllText(Path.Combine(checkpoint, "report.html")), "<[^>]*>|\n").Select(line => line.Trim()).Where(line => line.Length > 3)];

    private static int Run(TextWriter error, params string[] arguments) =>
        CommandLine.Run(arguments, new CommandContext { Output = TextWriter.Null, Error = error, Time = TimeProvider.System, Machine = CapturedRun.Machine });

    /// <summary>Keeps what is said, and acts on lines as they come.</summary>
    private sealed class Listener(Action<string, string> act) : StringWriter(new StringBuilder())
    {
        public string Text => ToString();

        public override void WriteLine(string? value)
        {
            base.Write(value + "\n");
            act(Text, value ?? string.Empty);
        }
    }
}
