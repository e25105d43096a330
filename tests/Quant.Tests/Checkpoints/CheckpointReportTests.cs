using System.Text.Json.Nodes;
using MambaQuant.Quant.Checkpoints;
using MambaQuant.Quant.Quantization;
using Xunit;

namespace MambaQuant.Quant.Tests.Checkpoints;

public sealed class CheckpointReportTests
{
    private static readonly CheckpointReport _report = new()
    {
        Recipe = "mambaquant",
        Scheme = "W4A8",
        FloatBytes = 18_000_000,
        QuantizedBytes = 4_500_000,
        Ends = new LayerReport { Modules = [new ModuleReport { Module = "embeddings", Bytes = 100 }] },
        Layers =
        [
            Layer(weights: 20, site: 30),
            Layer(weights: 10, site: double.PositiveInfinity),
        ],
    };

    [Fact]
    public void Json_HoldsEveryNumber()
    {
        JsonNode json = JsonNode.Parse(CheckpointReportJson.Write(_report))!;
        Assert.Equal("W4A8", (string?)json["scheme"]);
        Assert.Equal(4_500_000, (long)json["quantized_bytes"]!);
        JsonNode layer = json["layers"]![1]!;
        Assert.Equal(1, (int)layer["layer"]!);
        Assert.Equal(4, (int)layer["modules"]![0]!["weights"]!["bits"]!);
        Assert.Equal(128, (int)layer["modules"]![0]!["weights"]!["group_size"]!);
        Assert.Equal(10, (double)layer["modules"]![0]!["sqnr_after"]!);
        Assert.Null(layer["modules"]![0]!["sqnr_before"]);
        JsonNode site = layer["sites"]![0]!;
        Assert.Equal((-1.5f, 2.5f, 0.25f), ((float)site["minimum"]!, (float)site["maximum"]!, (float)site["smallest_scale"]!));
        Assert.Equal("exact", (string?)site["sqnr_after"]);
        Assert.Equal(0.35, (double)layer["smoothings"]![0]!["strength"]!);
        Assert.Null(json["ends"]!["modules"]![0]!["weights"]);
    }

    [Fact]
    public void Markdown_NamesTheWorstLayer()
    {
        string text = CheckpointReportMarkdown.Write(_report);
        Assert.StartsWith("# mambaquant, W4A8\n\n18.00 MB float, 4.50 MB quantized: 25.0 %.\n", text, StringComparison.Ordinal);
        Assert.Contains("| in_proj | – | 10.0, 15.0 | 1 |", text, StringComparison.Ordinal);
        Assert.Contains("| out_proj_input | 5.0, 5.0 | 30.0, exact | 0 |", text, StringComparison.Ordinal);
        Assert.Contains("| in_proj | 4 bits, groups of 128 | 64 | – | 20.0 | 0.01 |", text, StringComparison.Ordinal);
        Assert.Contains("| out_proj_input | 8 bits, per tensor | -1.5 … 2.5 | 0.25 | – | 5.0 | exact |", text, StringComparison.Ordinal);
        Assert.Contains("| GateToOutProj | 0.35 | 0.5 … 2 | 0.02 | 0.01 |", text, StringComparison.Ordinal);
        Assert.Contains("| embeddings | float | 100 | – | – | – |", text, StringComparison.Ordinal);
        Assert.DoesNotContain("\r", text, StringComparison.Ordinal);
    }

    private static LayerReport Layer(double weights, double site) => new()
    {
        Modules =
        [
            new ModuleReport
            {
                Module = "in_proj",
                Weights = new QuantizationArgs { Bits = 4, Strategy = QuantizationStrategy.Group, GroupSize = 128 },
                Bytes = 64,
                SqnrAfter = weights,
                Damping = 0.01,
            },
        ],
        Sites =
        [
            new SiteReport
            {
                Site = "out_proj_input",
                Input = new QuantizationArgs { Bits = 8 },
                Minimum = -1.5f,
                Maximum = 2.5f,
                SmallestScale = 0.25f,
                LargestScale = 0.25f,
                SqnrBefore = 5,
                SqnrAfter = site,
            },
        ],
        Smoothings =
        [
            new SmoothingReport { Site = "GateToOutProj", Strength = 0.35, SmallestFactor = 0.5, LargestFactor = 2, ErrorBefore = 0.02, ErrorAfter = 0.01 },
        ],
    };
}
