using System.Text.Json;
using MambaQuant.Testing;
using Xunit;

namespace MambaQuant.EndToEnd;

[Collection(SharesQuantizedSample.Name)]
public sealed class EvaluateTests(QuantizedSample sample)
{
    [Fact]
    public void FloatSample_ScoresWhatItsReadmeSays()
    {
        ProgramRun run = ProgramRun.Of("evaluate", SampleModel.Folder, "--text", SampleModel.EvaluationText, "--format", "json");

        Assert.Equal(0, run.ExitCode);
        JsonElement json = JsonDocument.Parse(run.Output).RootElement;
        Assert.Equal(28.4321, json.GetProperty("perplexity").GetDouble(), 0.00005 + (28.4321 * 0.00002)); // README, 4 digits; measured difference 0.00002
        Assert.Equal((5193, 5182), (json.GetProperty("tokens").GetInt64(), json.GetProperty("scored").GetInt64()));
        Assert.Equal("float", json.GetProperty("compute").GetString());
        Assert.Equal(JsonValueKind.Null, json.GetProperty("klMean").ValueKind);
    }

    [Fact]
    public void QuantizedSample_HasEveryFieldOfTheContract()
    {
        JsonElement json = Evaluate("--reference", SampleModel.Folder);

        double nll = json.GetProperty("nll").GetDouble();
        Assert.Equal(Math.Exp(nll), json.GetProperty("perplexity").GetDouble(), 1e-9);
        Assert.InRange(nll, 2, 6);
        Assert.InRange(json.GetProperty("klMean").GetDouble(), 1e-6, 0.5);
        Assert.InRange(json.GetProperty("top1Agreement").GetDouble(), 0.7, 1);
        Assert.True(json.GetProperty("tokensPerSecond").GetDouble() > 0);
        Assert.Equal("integer", json.GetProperty("compute").GetString());
    }

    [Fact]
    public void IntegerAndSimulatedArithmetic_Agree()
    {
        JsonElement integer = Evaluate();
        JsonElement simulated = Evaluate("--compute", "simulated");

        Assert.Equal("simulated", simulated.GetProperty("compute").GetString());
        Assert.Equal(integer.GetProperty("nll").GetDouble(), simulated.GetProperty("nll").GetDouble(), 1e-5);
    }

    [Fact]
    public void Text_NamesTheArithmetic()
    {
        using TemporaryDirectory folder = new();

        ProgramRun run = ProgramRun.Of("evaluate", sample.Folder, "--text", Part(folder), "--window", "64");

        Assert.Equal(0, run.ExitCode);
        Assert.Contains("\ncompute: integer\n", run.Output, StringComparison.Ordinal);
    }

    [Fact]
    public void Inspect_ShowsBitsAndScalesOfTheCheckpoint()
    {
        ProgramRun run = ProgramRun.Of("inspect", sample.Folder, "--format", "json");

        Assert.Equal(0, run.ExitCode);
        JsonElement json = JsonDocument.Parse(run.Output).RootElement;
        Assert.Equal("quantized", json.GetProperty("format").GetString());
        JsonElement projection = json.GetProperty("modules").EnumerateArray()
            .Single(module => module.GetProperty("module").GetString() == "in_proj" && module.GetProperty("layer").GetInt32() == 3);
        Assert.Equal("int8 channel", projection.GetProperty("weights").GetString());
        Assert.Equal("int8 tensor static", projection.GetProperty("input").GetString());
        Assert.Equal(1024, projection.GetProperty("weightScales").GetProperty("count").GetInt32());
        Assert.True(projection.GetProperty("inputScale").GetProperty("smallest").GetDouble() > 0);
        Assert.Contains("Hadamard 512 at OutProjInput", json.GetProperty("atRunTime").EnumerateArray().Select(entry => entry.GetString()));
        long listed = json.GetProperty("modules").EnumerateArray().Sum(module => module.GetProperty("sizeBytes").GetInt64());
        Assert.InRange(new FileInfo(Path.Combine(sample.Folder, "model.safetensors")).Length - listed, 8, 100_000); // the header
    }

    [Fact]
    public void Generate_WritesTheSameTextForTheSameSeed()
    {
        string[] command = ["generate", sample.Folder, "--prompt", "The history of", "--max-tokens", "12", "--top-k", "20", "--seed", "5"];

        ProgramRun first = ProgramRun.Of(command);
        ProgramRun second = ProgramRun.Of([.. command, "--workers", "1"]);
        JsonElement json = JsonDocument.Parse(ProgramRun.Of([.. command, "--format", "json"]).Output).RootElement;

        Assert.Equal(0, first.ExitCode);
        Assert.StartsWith("The history of ", first.Output, StringComparison.Ordinal);
        Assert.Equal(first.Output, second.Output);
        Assert.Equal(first.Output, json.GetProperty("prompt").GetString() + json.GetProperty("text").GetString() + "\n");
        Assert.Equal(12, json.GetProperty("tokens").GetArrayLength());
    }

    private static string Part(TemporaryDirectory folder) => folder.Write("text.txt", File.ReadAllBytes(SampleModel.EvaluationText).AsSpan(0, 2000));

    private JsonElement Evaluate(params string[] options)
    {
        using TemporaryDirectory folder = new();
        ProgramRun run = ProgramRun.Of(["evaluate", sample.Folder, "--text", Part(folder), "--window", "64", "--format", "json", .. options]);
        Assert.True(run.ExitCode == 0, run.Error);
        return JsonDocument.Parse(run.Output).RootElement;
    }
}
