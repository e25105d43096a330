using System.Text.Json;
using MambaQuant.Quant.Models;
using MambaQuant.Testing;
using Xunit;

namespace MambaQuant.Client.Tests.Commands;

public sealed class PlanCommandTests
{
    private static readonly string _sample = Repository.Path("samples", "mamba-5m");

    [Fact]
    public void Text_ShowsJobRatesItemsPathAndWorkers()
    {
        CapturedRun run = new("plan", _sample);

        Assert.Equal("", run.Error);
        Assert.Equal(ExitCodes.Success, run.ExitCode);
        Assert.StartsWith(
            """
            model      mamba-5m: 8 layers of width 256, 9.1 MB
            recipe     mambaquant W8A8, calibrated on 64 × 512 tokens (self)
            grid       1 block of layers × 1 shard of sequences
            measured   products 100.0 GFLOP/s, scan 5.0 GFLOP/s, memory 10.0 GB/s, disk 1.0 GB/s written, 2.0 GB/s read
            """,
            run.Output,
            StringComparison.Ordinal);
        Assert.Contains("\nObserveTransformed ← Tokenize, ResidualRotation, Transform ", run.Output, StringComparison.Ordinal);
        Assert.Contains("\nall ", run.Output, StringComparison.Ordinal);
        Assert.Matches(@"\ncritical path  [0-9.]+ s: Tokenize .* → Assemble ", run.Output);
        Assert.Matches(@"\nworkers +time +computing +memory of all, at most\n[- ]+\n1 .*\n2 .*\n8 ", run.Output);
    }

    [Theory]
    [InlineData("eval.txt: 5,193 tokens in 41 windows, 1 shard")]
    [InlineData("eval.txt: 4,977 tokens in 39 windows, 2 shards", "--model", "mamba-2.8b")]
    public void Evaluation_StandsBehindTheCheckpoint(string expected, params string[] model)
    {
        string text = Path.Combine(_sample, "eval.txt");
        CapturedRun run = new(["plan", .. model.Length == 0 ? [_sample] : model, "--evaluate", text, "--window", "128"]);

        Assert.Equal("", run.Error);
        Assert.Contains($"\nevaluation {expected}\n", run.Output, StringComparison.Ordinal);
        Assert.Contains("\nEvaluate ← Quantize, Assemble, TokenizeEvaluation, EvaluateFloat ", run.Output, StringComparison.Ordinal);
        Assert.Matches(@"\ncritical path .* → Assemble .* → Evaluate .* → ReduceEvaluation ", run.Output);
        Assert.Equal(ExitCodes.MissingInput, new CapturedRun("plan", "--model", "mamba-2.8b", "--evaluate", "nowhere.txt").ExitCode);
    }

    [Fact]
    public void Json_HoldsEveryItem_AndItsSumsAgree()
    {
        CapturedRun run = new("plan", "--model", "mamba-130m", "--scheme", "W4A8", "--samples", "16", "--shards", "4", "--blocks", "2", "--device", "h100", "--format", "json");

        Assert.Equal("", run.Error);
        using JsonDocument document = JsonDocument.Parse(run.Output);
        JsonElement root = document.RootElement;
        JsonElement[] graph = [.. root.GetProperty("graph").EnumerateArray()];
        JsonElement[] kinds = [.. root.GetProperty("kinds").EnumerateArray()];
        Assert.Equal(root.GetProperty("items").GetInt32(), graph.Length);
        Assert.Equal(graph.Length, kinds.Sum(kind => kind.GetProperty("count").GetInt32()));
        Assert.Equal(root.GetProperty("readBytes").GetInt64(), graph.Sum(item => item.GetProperty("cost").GetProperty("inputBytes").GetInt64()));
        Assert.Equal(2 * 4, graph.Count(item => item.GetProperty("item").GetString()!.StartsWith("ObserveTransformed layers ", StringComparison.Ordinal)));
        Assert.All(graph.Index(), item => Assert.All(item.Item.GetProperty("needs").EnumerateArray(), need => Assert.InRange(need.GetInt32(), 0, item.Index - 1)));
        Assert.Equal(67e12, root.GetProperty("cost").GetProperty("published").GetProperty("peakOperationsPerSecond").GetDouble());
        Assert.Equal(100e9, root.GetProperty("cost").GetProperty("measured").GetProperty("gemmOperationsPerSecond").GetDouble());
    }

    [Fact]
    public void MoreWorkers_NeverBeatTheCriticalPath_AndAreListedWhileTheyPay()
    {
        CapturedRun run = new("plan", "--model", "mamba-370m", "--samples", "256", "--format", "json");

        using JsonDocument document = JsonDocument.Parse(run.Output);
        double critical = document.RootElement.GetProperty("criticalSeconds").GetDouble();
        double[] times = [.. document.RootElement.GetProperty("workers").EnumerateArray().Select(row => row.GetProperty("seconds").GetDouble())];
        Assert.True(times.Length >= 3);
        Assert.All(times, time => Assert.True(time >= critical, $"{time} s with a critical path of {critical} s"));
        Assert.Equal(times.OrderDescending(), times);
    }

    [Fact]
    public void UnknownModel_NamesTheKnownOnes()
    {
        CapturedRun run = new("plan", "--model", "mamba-9b");

        Assert.Equal(ExitCodes.Usage, run.ExitCode);
        Assert.Equal(
            $"error: --model: there is no published model 'mamba-9b'; use {string.Join(", ", PublishedModels.All.Select(model => model.Name))}, or give the folder of a model\n",
            run.Error);
    }

    [Theory]
    [InlineData(new string[0], "a model is missing: give its folder, or a published one with --model (mamba-130m, ")]
    [InlineData(new[] { "folder", "--model", "mamba-130m" }, "a folder and --model exclude each other")]
    [InlineData(new[] { "--model", "130m", "--blocks", "25" }, "--blocks 25 is more than there are layers: expected at most 24")]
    [InlineData(new[] { "--model", "130m", "--shards", "65" }, "--shards 65 is more than there are sequences: expected at most 64")]
    [InlineData(new[] { "--model", "130m", "--shards", "0" }, "--shards must be a whole number of at least 1, found '0'")]
    [InlineData(new[] { "--model", "130m", "--preset", "best" }, "--preset: there is no preset 'best'; use rtn, ")]
    [InlineData(new[] { "--model", "130m", "--scheme", "W99" }, "--scheme: ")]
    [InlineData(new[] { "--model", "130m", "--device", "abacus" }, "--device: there is no device 'abacus'; use here, a10, ")]
    [InlineData(new[] { "--model", "130m", "--recipe", "x.yaml", "--preset", "rtn" }, "--preset and --recipe exclude each other")]
    [InlineData(new[] { "--model", "2.8b", "--seq-len", "2000000000" }, "--seq-len 2000000000 is more than this program can hold of a model of width 2560")]
    public void WrongOptions_AreRefused(string[] arguments, string expected)
    {
        CapturedRun run = new(["plan", .. arguments]);

        Assert.Equal(ExitCodes.Usage, run.ExitCode);
        Assert.Equal("", run.Output);
        Assert.StartsWith($"error: {expected}", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void MissingFolder_IsAnUnsupportedModel()
    {
        Assert.Equal(ExitCodes.UnsupportedModel, new CapturedRun("plan", "nowhere").ExitCode);
    }

    [Fact]
    public void ShapeOnly_IsMarked()
    {
        CapturedRun run = new("plan", "--model", "mamba-7b", "--preset", "rtn", "--scheme", "W8A16");

        Assert.StartsWith("model      mamba-7b: 64 layers of width 4096, 14.5 GB; a shape only: ", run.Output, StringComparison.Ordinal);
    }

    [Fact]
    public void ItemLargerThanADevice_IsSaid()
    {
        CapturedRun run = new("plan", "--model", "mamba-7b", "--device", "t4", "--samples", "4096", "--seq-len", "2048", "--shards", "1", "--calibration", "text.txt");

        Assert.Equal(ExitCodes.Success, run.ExitCode);
        Assert.Contains("no worker can run it: an item needs ", run.Output, StringComparison.Ordinal);
    }
}
