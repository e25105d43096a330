using System.Text.Json;
using MambaQuant.Quant.Kernels.Cpu;
using MambaQuant.Quant.Recipes;
using Xunit;

namespace MambaQuant.Pipeline.Tests.Local;

public sealed class LayerReportsTests : IDisposable
{
    private readonly TinyModel _model = new();
    private readonly CpuKernels _kernels = new();

    public void Dispose()
    {
        _kernels.Dispose();
        _model.Dispose();
    }

    [Theory]
    [InlineData(RecipePresets.RoundToNearest)]
    [InlineData(RecipePresets.MambaQuant)]
    public void EveryQuantizedSite_HasItsNoiseBeforeAndAfter(string preset)
    {
        using JsonDocument report = Report(preset);
        string[] expected = ["conv_input", "dt_proj_input", "in_proj_input", "out_proj_input", "scan_output", "scan_state", "x_proj_input"];
        foreach (JsonElement layer in report.RootElement.GetProperty("layers").EnumerateArray())
        {
            Assert.Equal(expected, layer.GetProperty("sites").EnumerateArray().Select(site => site.GetProperty("site").GetString()!).Order(StringComparer.Ordinal));
            Assert.All(layer.GetProperty("sites").EnumerateArray(), AssertIsMeasured);
            Assert.Equal(5, layer.GetProperty("modules").GetArrayLength());
            Assert.All(layer.GetProperty("modules").EnumerateArray(), AssertIsMeasured);
        }

        JsonElement head = Assert.Single(report.RootElement.GetProperty("ends").GetProperty("sites").EnumerateArray());
        Assert.Equal("head_input", head.GetProperty("site").GetString());
        AssertIsMeasured(head);
    }

    [Fact]
    public void WithoutTransforms_BeforeIsAfter()
    {
        using JsonDocument report = Report(RecipePresets.RoundToNearest);
        Assert.All(
            report.RootElement.GetProperty("layers").EnumerateArray().SelectMany(layer =>
                layer.GetProperty("sites").EnumerateArray().Concat(layer.GetProperty("modules").EnumerateArray())),
            entry => Assert.Equal(entry.GetProperty("sqnr_after").GetRawText(), entry.GetProperty("sqnr_before").GetRawText()));
    }

    [Fact]
    public void SearchedSmoothing_IsReportedWithItsErrors()
    {
        using JsonDocument report = Report(RecipePresets.MambaQuant);
        foreach (JsonElement layer in report.RootElement.GetProperty("layers").EnumerateArray())
        {
            JsonElement[] smoothings = [.. layer.GetProperty("smoothings").EnumerateArray()];
            Assert.Equal(
                ["InProjToConv", "XProjToDtProj", "ScanState", "GateToOutProj"], smoothings.Select(smoothing => smoothing.GetProperty("site").GetString()));
            Assert.All(smoothings, smoothing => Assert.True(
                smoothing.GetProperty("error_after").GetDouble() <= smoothing.GetProperty("error_before").GetDouble()));

            // A site starts from what the sites before it reached: the same trial, so the same bits.
            Assert.All(smoothings.Zip(smoothings.Skip(1)), pair => Assert.Equal(
                pair.First.GetProperty("error_after").GetDouble(), pair.Second.GetProperty("error_before").GetDouble()));
        }
    }

    private static void AssertIsMeasured(JsonElement entry)
    {
        foreach (string field in new[] { "sqnr_before", "sqnr_after" })
        {
            JsonElement value = entry.GetProperty(field);
            Assert.True(
                value.ValueKind == JsonValueKind.Number || value.GetString() == "exact", $"{field} is {value.GetRawText()} in {entry.GetRawText()}");
        }
    }

    private JsonDocument Report(string preset)
    {
        _model.Quantize(_kernels, TinyModel.Preset(preset));
        return JsonDocument.Parse(_model.Files("out")["report.json"]);
    }
}
