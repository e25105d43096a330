using System.Collections.Immutable;
using MambaQuant.Client.Commands;
using MambaQuant.Client.Submitting;
using MambaQuant.Pipeline.Local;
using MambaQuant.Pipeline.Planning;
using Xunit;

namespace MambaQuant.Client.Tests.Commands;

public sealed class SubmitCommandTests
{
    private static readonly ClusterSettings Settings = new(ImmutableDictionary<string, string>.Empty.Add("Store", "store"), _ => null);

    [Fact]
    public void Defaults_AreThoseOfQuantize()
    {
        SubmissionRequest request = Parse("model");

        Assert.Equal(("model", "", "store"), (request.Work.ModelPath, request.Work.OutputPath, request.Work.Store));
        Assert.Equal("mambaquant", Assert.Single(request.Work.Recipes).Name);
        Assert.Equal(new CalibrationOptions(), request.Work.Calibration);
        Assert.Equal((512, new PlanOptions(), false, null), (request.Work.WindowLength, request.Work.Plan, request.Waits, request.Profile));
        Assert.Null(request.OutputOf(request.Work.Recipes[0]));
    }

    [Fact]
    public void EveryOption_Arrives()
    {
        SubmissionRequest request = Parse(
            "mounted:/models/m", "--out", "out", "--wait", "--preset", "rtn,quarot", "--scheme", "W4A8", "--calibration", "store:12", "--samples", "8", "--seq-len", "64",
            "--seed", "3", "--blocks", "2", "--shards", "4", "--evaluate", "eval.txt", "--window", "128", "--profile", "cpu/Avx2/managed");

        Assert.Equal(["rtn", "quarot"], request.Work.Recipes.Select(recipe => recipe.Name));
        Assert.Equal(("store:12", 8, 64, 3UL), (request.Work.Calibration.Source, request.Work.Calibration.Samples, request.Work.Calibration.SequenceLength, request.Work.Calibration.Seed));
        Assert.Equal(("eval.txt", 128, new PlanOptions { Blocks = 2, Shards = 4 }), (request.Work.EvaluationPath, request.Work.WindowLength, request.Work.Plan));
        Assert.Equal((true, "cpu/Avx2/managed"), (request.Waits, request.Profile));
        Assert.Equal(Path.Combine("out", "quarot"), request.OutputOf(request.Work.Recipes[1]));
    }

    [Theory]
    [InlineData(new[] { "submit", "model" }, "error: the store of the cluster is missing")]
    [InlineData(new[] { "submit", "model", "--store", "s", "--out", "o" }, "error: --out downloads the checkpoint when the job is done: give --wait with it")]
    [InlineData(new[] { "submit", "model", "--workers", "2" }, "error: Unrecognized command or argument '--workers'")]
    [InlineData(new[] { "jobs", "list" }, "error: the store of the cluster is missing")]
    public void WrongCommandLine_IsRefused(string[] arguments, string expected)
    {
        CapturedRun run = new(arguments);

        Assert.Equal(ExitCodes.Usage, run.ExitCode);
        Assert.StartsWith(expected, run.Error, StringComparison.Ordinal);
    }

    private static SubmissionRequest Parse(params string[] arguments)
    {
        System.CommandLine.ParseResult parse = CommandLine.Root.Parse(["submit", .. arguments]);
        Assert.Empty(parse.Errors);
        return SubmitCommand.RequestOf(parse, Settings);
    }
}
