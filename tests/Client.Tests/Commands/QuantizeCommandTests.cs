using System.CommandLine;
using MambaQuant.Client.Commands;
using MambaQuant.Client.Failures;
using MambaQuant.Client.Quantizing;
using MambaQuant.Pipeline.Local;
using MambaQuant.Pipeline.Planning;
using MambaQuant.Quant.Recipes;
using MambaQuant.Testing;
using Xunit;

namespace MambaQuant.Client.Tests.Commands;

public sealed class QuantizeCommandTests
{
    [Fact]
    public void Defaults_AreTheWholeMethodInEightBits_CalibratedOnItself()
    {
        QuantizeRequest request = Parse("model", "--out", "out");

        Assert.Equal(("model", "out"), (request.ModelPath, request.OutputPath));
        Recipe recipe = Assert.Single(request.Recipes);
        Assert.Equal(("mambaquant", "W8A8"), (recipe.Name, recipe.Quantization!.Scheme.Name));
        Assert.False(recipe.Quantization.Strict);
        Assert.Equal(("self", 64, 512, 0UL), (request.Calibration.Source, request.Calibration.Samples, request.Calibration.SequenceLength, request.Calibration.Seed));
        Assert.Null(request.EvaluationPath);
        Assert.Equal((512, (int?)null, ResumeMode.Auto), (request.WindowLength, request.Workers, request.Resume));
        Assert.Equal((null, new PlanOptions()), (request.Store, request.Plan));
        Assert.Equal("out", request.OutputOf(recipe));
    }

    [Fact]
    public void EveryOption_ArrivesInTheRequest()
    {
        QuantizeRequest request = Parse(
            "model", "--out", "out", "--preset", "rtn, quarot", "--scheme", "W4A8", "--strict", "--calibration", "text.jsonl",
            "--samples", "8", "--seq-len", "64", "--seed", "18446744073709551615", "--workers", "3", "--store", "store", "--resume", "never",
            "--blocks", "2", "--shards", "4", "--evaluate", "eval.txt", "--window", "128");

        Assert.Equal(["rtn", "quarot"], request.Recipes.Select(recipe => recipe.Name));
        Assert.All(request.Recipes, recipe => Assert.Equal(("W4A8", true), (recipe.Quantization!.Scheme.Name, recipe.Quantization.Strict)));
        Assert.Equal(("text.jsonl", 8, 64, ulong.MaxValue), (request.Calibration.Source, request.Calibration.Samples, request.Calibration.SequenceLength, request.Calibration.Seed));
        Assert.Equal(("eval.txt", 128, (int?)3), (request.EvaluationPath, request.WindowLength, request.Workers));
        Assert.Equal(("store", ResumeMode.Never), (request.Store, request.Resume));
        Assert.Equal((2, 4), (request.Plan.Blocks, request.Plan.Shards));
        Assert.Equal(Path.Combine("out", "quarot"), request.OutputOf(request.Recipes[1]));
    }

    [Theory]
    [InlineData("--preset", "awq", "--preset: there is no preset 'awq'; use rtn, smoothquant, quarot, mambaquant-portable, mambaquant")]
    [InlineData("--preset", "rtn,rtn", "--preset names 'rtn' more than once")]
    [InlineData("--scheme", "W1A8", "--scheme: scheme 'W1A8' is not known: expected bits of 2 to 8, or 16 for float")]
    [InlineData("--samples", "1", "--samples must be a whole number of at least 2, found '1'")]
    [InlineData("--seq-len", "many", "--seq-len must be a whole number of at least 2, found 'many'")]
    [InlineData("--seed", "-1", "--seed must be a whole number of at least 0, found '-1'")]
    [InlineData("--workers", "0", "--workers must be a whole number of at least 1, found '0'")]
    [InlineData("--window", "1", "--window must be a whole number of at least 2, found '1'")]
    public void WrongValue_IsRefusedInOneSentence(string option, string value, string expected)
    {
        CapturedRun run = new("quantize", "model", "--out", "out", option, value);

        Assert.Equal(ExitCodes.Usage, run.ExitCode);
        Assert.StartsWith($"error: {expected}", run.Error, StringComparison.Ordinal);
        Assert.Equal("", run.Output);
    }

    [Fact]
    public void MissingOut_IsAUsageError()
    {
        CapturedRun run = new("quantize", "model");

        Assert.Equal(ExitCodes.Usage, run.ExitCode);
        Assert.Contains("--out", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void RecipeFile_IsRead()
    {
        using TemporaryDirectory folder = new();
        string file = folder.Write("own.yaml", System.Text.Encoding.UTF8.GetBytes(RecipeWriter.Write(RecipePresets.Get("quarot", "W4A8"))));

        QuantizeRequest request = Parse("model", "--out", "out", "--recipe", file);

        Assert.Equal(RecipePresets.Get("quarot", "W4A8"), Assert.Single(request.Recipes));
    }

    [Theory]
    [InlineData("--preset", "rtn")]
    [InlineData("--scheme", "W8A8")]
    public void RecipeFile_ExcludesPresetAndScheme(string option, string value) =>
        Assert.Throws<UsageException>(() => Parse("model", "--out", "out", "--recipe", "own.yaml", option, value));

    [Fact]
    public void RecipeFile_ThatIsNoUtf8_IsInvalid()
    {
        using TemporaryDirectory folder = new();
        string file = folder.Write("own.yaml", [0xFF, 0xFE, 0x00]);

        Assert.Throws<InvalidRecipeException>(() => Parse("model", "--out", "out", "--recipe", file));
    }

    [Fact]
    public void RecipeFile_ThatIsMissing_IsMissingInput()
    {
        CapturedRun run = new("quantize", "model", "--out", "out", "--recipe", "absent.yaml");

        Assert.Equal(ExitCodes.MissingInput, run.ExitCode);
        Assert.Contains("absent.yaml", run.Error, StringComparison.Ordinal);
    }

    private static QuantizeRequest Parse(params string[] arguments)
    {
        ParseResult parse = CommandLine.Root.Parse(["quantize", .. arguments]);
        Assert.Empty(parse.Errors);
        return QuantizeCommand.RequestOf(parse);
    }
}
