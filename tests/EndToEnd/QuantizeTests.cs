using System.Text.Json;
using System.Text.Json.Nodes;
using MambaQuant.Testing;
using Xunit;

namespace MambaQuant.EndToEnd;

[Collection(SharesQuantizedSample.Name)]
public sealed class QuantizeTests(QuantizedSample sample)
{
    [Fact]
    public void Checkpoint_HoldsEveryFileOfTheContract()
    {
        string[] expected =
        [
            "config.json", "generation_config.json", "manifest.json", "model.safetensors", "pictures.json", "recipe.yaml", "report.html", "report.json", "report.md",
            "run.json", "special_tokens_map.json", "tokenizer.json", "tokenizer_config.json",
        ];

        Assert.Equal(expected, Directory.EnumerateFileSystemEntries(sample.Folder).Select(Path.GetFileName).Order(StringComparer.Ordinal));
        Assert.Empty(Leftovers(sample.Folder));
    }

    [Fact]
    public void Stdout_IsTheResult_StderrTheProgress()
    {
        Assert.Matches(@"^\S+: mambaquant W8A8, 9\.1 MB → \d\.\d MB, calibrated on 256 tokens\n$", sample.Run.Output);
        Assert.Contains("quantize: 100 % (8 layers in ", sample.Run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void SameSeed_GivesTheSameBytes_WhateverTheThreads()
    {
        using TemporaryDirectory folder = new();
        string again = folder.File("again");

        ProgramRun run = ProgramRun.Of(["quantize", SampleModel.Folder, "--out", again, "--workers", "1", .. QuantizedSample.Few]);

        Assert.Equal(0, run.ExitCode);
        AssertSameBytes(sample.Folder, again);
    }

    [Fact]
    public void OtherSeed_GivesOtherWeights()
    {
        using TemporaryDirectory folder = new();
        string other = folder.File("other");

        ProgramRun run = ProgramRun.Of(["quantize", SampleModel.Folder, "--out", other, "--seed", "1", .. QuantizedSample.Few]);

        Assert.Equal(0, run.ExitCode);
        Assert.False(File.ReadAllBytes(Path.Combine(sample.Folder, "model.safetensors")).AsSpan().SequenceEqual(File.ReadAllBytes(Path.Combine(other, "model.safetensors"))));
    }

    [Fact]
    public void SeveralPresets_EndInOneTable()
    {
        using TemporaryDirectory folder = new();
        string text = folder.Write("text.txt", File.ReadAllBytes(SampleModel.EvaluationText).AsSpan(0, 2000));

        ProgramRun run = ProgramRun.Of(
            ["quantize", SampleModel.Folder, "--out", folder.File("out"), "--preset", "rtn,mambaquant", "--evaluate", text, "--window", "64", .. QuantizedSample.Few]);

        Assert.Equal(0, run.ExitCode);
        string[] lines = run.Output.TrimEnd('\n').Split('\n');
        Assert.Equal(5, lines.Length);
        Assert.Matches(@"^ +perplexity  vs float +KL +top-1 +size$", lines[0]);
        Assert.Matches(@"^float +\d+\.\d{3} +9\.1 MB$", lines[2]);
        Assert.Matches(@"^rtn +\d+\.\d{3} +[+-]\d+\.\d\d % +\d\.\d{5} +\d+\.\d\d % +4\.9 MB$", lines[3]);
        Assert.Matches(@"^mambaquant +\d+\.\d{3} +[+-]\d+\.\d\d % +\d\.\d{5} +\d+\.\d\d % +\d\.\d MB$", lines[4]);
        Assert.Equal(["mambaquant", "rtn"], Directory.EnumerateDirectories(folder.File("out")).Select(Path.GetFileName).Order());
        AssertSameBytes(sample.Folder, Path.Combine(folder.File("out"), "mambaquant"));
    }

    [Fact]
    public void Json_IsOneDocumentOnStdout()
    {
        using TemporaryDirectory folder = new();
        string text = folder.Write("text.txt", File.ReadAllBytes(SampleModel.EvaluationText).AsSpan(0, 1000));

        ProgramRun run = ProgramRun.Of(
            ["quantize", SampleModel.Folder, "--out", folder.File("out"), "--preset", "rtn", "--scheme", "W4A8", "--format", "json", "--evaluate", text, "--window", "64", .. QuantizedSample.Few]);

        Assert.Equal(0, run.ExitCode);
        JsonElement checkpoint = Assert.Single(JsonDocument.Parse(run.Output).RootElement.GetProperty("checkpoints").EnumerateArray());
        Assert.Equal(("rtn", "W4A8"), (checkpoint.GetProperty("recipe").GetString(), checkpoint.GetProperty("scheme").GetString()));
        Assert.Equal(256, checkpoint.GetProperty("calibrationTokens").GetInt64());
        Assert.InRange(checkpoint.GetProperty("quantizedBytes").GetInt64(), 1, checkpoint.GetProperty("floatBytes").GetInt64() - 1);
        Assert.NotEqual(0, checkpoint.GetProperty("stages").GetArrayLength());

        // The evaluation within the job is that of the finished checkpoint, to the last bit.
        ProgramRun direct = ProgramRun.Of("evaluate", folder.File("out"), "--reference", SampleModel.Folder, "--text", text, "--window", "64", "--format", "json");
        JsonObject expected = JsonNode.Parse(direct.Output)!.AsObject(), actual = JsonNode.Parse(checkpoint.GetProperty("evaluation").GetRawText())!.AsObject();
        Assert.True(actual["tokensPerSecond"]!.GetValue<double>() > 0);
        expected["tokensPerSecond"] = actual["tokensPerSecond"] = null;
        Assert.True(JsonNode.DeepEquals(expected, actual), $"expected {expected}, found {actual}");
    }

    [Fact]
    public void ResolvedRecipe_GivesTheSameWeightsAgain()
    {
        using TemporaryDirectory folder = new();
        string again = folder.File("again");

        ProgramRun run = ProgramRun.Of(["quantize", SampleModel.Folder, "--out", again, "--recipe", Path.Combine(sample.Folder, "recipe.yaml"), .. QuantizedSample.Few]);

        Assert.Equal(0, run.ExitCode);
        Assert.Equal(File.ReadAllText(Path.Combine(sample.Folder, "recipe.yaml")), File.ReadAllText(Path.Combine(again, "recipe.yaml")));
        Assert.True(File.ReadAllBytes(Path.Combine(sample.Folder, "model.safetensors")).AsSpan().SequenceEqual(File.ReadAllBytes(Path.Combine(again, "model.safetensors"))));
    }

    private static void AssertSameBytes(string expected, string actual)
    {
        foreach (string path in Directory.EnumerateFiles(expected).Where(path => !RunFiles.Has(path)))
        {
            Assert.True(File.ReadAllBytes(path).AsSpan().SequenceEqual(File.ReadAllBytes(Path.Combine(actual, Path.GetFileName(path)))), $"{Path.GetFileName(path)} differs");
        }
    }

    private static IEnumerable<string> Leftovers(string output) =>
        Directory.EnumerateFileSystemEntries(Path.GetDirectoryName(output)!).Where(path => path != output);
}
