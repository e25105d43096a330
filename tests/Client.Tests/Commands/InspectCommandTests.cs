using System.Text.Json;
using MambaQuant.Testing;
using Xunit;

namespace MambaQuant.Client.Tests.Commands;

public sealed class InspectCommandTests
{
    private static readonly string Sample = Repository.Path("samples", "mamba-5m");

    [Fact]
    public void FloatModel_ListsModulesThatAddUpToItsSize()
    {
        CapturedRun run = new("inspect", Sample, "--format", "json");

        Assert.Equal(ExitCodes.Success, run.ExitCode);
        JsonElement json = JsonDocument.Parse(run.Output).RootElement;
        Assert.Equal(("float", 8, 256), (json.GetProperty("format").GetString(), json.GetProperty("layers").GetInt32(), json.GetProperty("dModel").GetInt32()));
        JsonElement[] modules = [.. json.GetProperty("modules").EnumerateArray()];
        Assert.Equal(1 + (8 * 6) + 1, modules.Length);
        Assert.Equal(2 * 4_552_960, modules.Sum(module => module.GetProperty("sizeBytes").GetInt64()));
        JsonElement projection = modules.Single(module => module.GetProperty("module").GetString() == "in_proj" && module.GetProperty("layer").GetInt32() == 7);
        Assert.Equal([1024, 256], projection.GetProperty("shape").EnumerateArray().Select(extent => extent.GetInt32()));
        Assert.Equal("F16", projection.GetProperty("weights").GetString());
    }

    [Fact]
    public void FloatModel_IsATableForPeople()
    {
        CapturedRun run = new("inspect", Sample);

        Assert.StartsWith($"model: {Sample} (float, 9.1 MB)\ndimensions: 8 layers, d_model 256, d_inner 512, state 16,", run.Output, StringComparison.Ordinal);
        Assert.Contains("\n0 in_proj    1024 × 256      F16", run.Output, StringComparison.Ordinal);
    }

    [Fact]
    public void MissingFolder_IsRefused()
    {
        CapturedRun run = new("inspect", "no-such-folder");

        Assert.Equal(ExitCodes.UnsupportedModel, run.ExitCode);
        Assert.StartsWith("error: there is no folder 'no-such-folder'", run.Error, StringComparison.Ordinal);
    }
}
