using System.Text.Json;
using MambaQuant.Pipeline.Simulation;
using MambaQuant.Testing;
using Xunit;

namespace MambaQuant.Client.Tests.Commands;

public sealed class SimulateCommandTests
{
    private static readonly string[] _job = ["simulate", "--model", "mamba-130m", "--calibration", "text.txt", "--samples", "256", "--nodes", "8", "--gpus-per-node", "2"];

    [Fact]
    public void Text_ShowsTheRun()
    {
        CapturedRun run = new([.. _job, "--device", "a100"]);

        Assert.Equal("", run.Error);
        Assert.Equal(ExitCodes.Success, run.ExitCode);
        Assert.Contains("\npublished  a100: fp32 19.5 TFLOP/s, memory 2,039.0 GB/s (NVIDIA A100 ", run.Output, StringComparison.Ordinal);
        Assert.Contains("\ncluster    8 nodes × 2 a100 = 16 workers, seed 0\n", run.Output, StringComparison.Ordinal);
        Assert.Matches(@"\nmakespan       [0-9.]+ s\n", run.Output);
        Assert.Matches(@"\ncritical path  [0-9.]+ s: Tokenize ", run.Output);
        Assert.Matches(@"\nutilisation    [0-9.]+% computing, ", run.Output);
        Assert.Matches(@"\nstore          [0-9.]+ GB read, ", run.Output);
        Assert.DoesNotContain("losses", run.Output, StringComparison.Ordinal);
    }

    [Fact]
    public void SameSeed_GivesTheSameRun_AnotherSeedAnother()
    {
        string[] losing = [.. _job, "--lose", "25", "--format", "json"];

        string first = new CapturedRun([.. losing, "--seed", "7"]).Output;

        Assert.Equal(first, new CapturedRun([.. losing, "--seed", "7"]).Output);
        Assert.NotEqual(first, new CapturedRun([.. losing, "--seed", "8"]).Output);
    }

    [Fact]
    public void LostNodes_CostTime_AndTheJobStillEnds()
    {
        CapturedRun run = new([.. _job, "--device", "here", "--lose", "25", "--format", "json"]);

        using JsonDocument document = JsonDocument.Parse(run.Output);
        JsonElement root = document.RootElement;
        Assert.Equal("Finished", root.GetProperty("status").GetString());
        Assert.Equal(2, root.GetProperty("lostNodes").GetInt32());
        Assert.True(root.GetProperty("costOfLosses").GetDouble() > 0);
        Assert.True(root.GetProperty("attempts").GetInt32() > root.GetProperty("items").GetInt32());
    }

    [Fact]
    public void EveryNodeLost_IsRefused()
    {
        // 95 % of 8 nodes are 7.6, so all of them.
        foreach (string share in new[] { "100", "95" })
        {
            CapturedRun run = new([.. _job, "--lose", share]);

            Assert.Equal(ExitCodes.Usage, run.ExitCode);
            Assert.Equal("", run.Output);
            Assert.Equal($"error: --lose {share} takes every node of 8, so that nothing can finish: expected a percentage that leaves one, less than 93.75\n", run.Error);
        }

        Assert.Equal(ExitCodes.Success, new CapturedRun([.. _job, "--lose", "93"]).ExitCode);
    }

    [Fact]
    public void SavedRates_PrintTheSame()
    {
        using TemporaryDirectory folder = new();
        string file = folder.File("rates.json");
        CapturedRun saving = new([.. _job, "--save-rates", file]);
        Assert.Equal(ExitCodes.Success, saving.ExitCode);

        CapturedRun again = CapturedRun.On(new MachineRates(1, 1, 1, 1, 1), [.. _job, "--rates", file]);
        Assert.Equal(saving.Output, again.Output);
        Assert.NotEqual(saving.Output, CapturedRun.On(new MachineRates(1e9, 1e9, 1e9, 1e9, 1e9), _job).Output);
        Assert.Equal(
            new CapturedRun(["plan", "--model", "mamba-130m"]).Output,
            CapturedRun.On(new MachineRates(1, 1, 1, 1, 1), "plan", "--model", "mamba-130m", "--rates", file).Output);
    }

    [Theory]
    [InlineData("{", "holds no rates of a machine: ")]
    [InlineData("null", "found null")]
    [InlineData("""{"formatVersion":2,"measured":{"gemmOperationsPerSecond":1,"scanOperationsPerSecond":1,"memoryBytesPerSecond":1,"diskWriteBytesPerSecond":1,"diskReadBytesPerSecond":1},"machineMemoryBytes":1}""", "expected formatVersion 1, found 2")]
    [InlineData("""{"formatVersion":1,"measured":{"gemmOperationsPerSecond":0,"scanOperationsPerSecond":1,"memoryBytesPerSecond":1,"diskWriteBytesPerSecond":1,"diskReadBytesPerSecond":1},"machineMemoryBytes":1}""", "expected gemmOperationsPerSecond above 0, found 0")]
    [InlineData("""{"formatVersion":1,"measured":{"gemmOperationsPerSecond":1},"machineMemoryBytes":1}""", "holds no rates of a machine: ")]
    public void WrongRates_AreRefused(string text, string expected)
    {
        using TemporaryDirectory folder = new();
        string file = folder.File("rates.json");
        File.WriteAllText(file, text);

        CapturedRun run = new([.. _job, "--rates", file]);

        Assert.Equal(ExitCodes.Usage, run.ExitCode);
        Assert.Contains(expected, run.Error, StringComparison.Ordinal);
        Assert.Contains($"'{file}'", run.Error, StringComparison.Ordinal);
        Assert.Contains("--save-rates", run.Error, StringComparison.Ordinal);
        Assert.Equal(ExitCodes.MissingInput, new CapturedRun([.. _job, "--rates", folder.File("nowhere")]).ExitCode);
        Assert.StartsWith("error: --rates and --save-rates exclude each other", new CapturedRun([.. _job, "--rates", file, "--save-rates", file]).Error, StringComparison.Ordinal);
    }

    [Fact]
    public void DeviceTooSmall_NamesTheItem()
    {
        CapturedRun run = new("simulate", "--model", "7b", "--device", "t4", "--samples", "4096", "--seq-len", "2048", "--shards", "1", "--calibration", "text.txt");

        Assert.Matches(@"\nthe job does not end: Observe\w+ layers .* needs [0-9.]+ GB, a worker has 16.0 GB; cut it into more --shards", run.Output);
        Assert.Equal(ExitCodes.Usage, run.ExitCode);
        Assert.StartsWith("error: the simulated job does not end: Observe", run.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--lose", "101", "--lose must be a number from 0 to 100, found '101'")]
    [InlineData("--nodes", "0", "--nodes must be a whole number from 1 to 100000, found '0'")]
    [InlineData("--store-rate", "0", "--store-rate must be a number of at least 0.001, found '0'")]
    public void WrongNumbers_AreRefused(string option, string value, string expected)
    {
        CapturedRun run = new("simulate", "--model", "mamba-130m", option, value);

        Assert.Equal(ExitCodes.Usage, run.ExitCode);
        Assert.StartsWith($"error: {expected}\n", run.Error, StringComparison.Ordinal);
    }
}
