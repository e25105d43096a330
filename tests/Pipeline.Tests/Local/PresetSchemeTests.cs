using MambaQuant.Quant.Inference;
using MambaQuant.Quant.Kernels;
using MambaQuant.Quant.Kernels.Cpu;
using MambaQuant.Quant.Recipes;
using Xunit;

namespace MambaQuant.Pipeline.Tests.Local;

/// <summary>Every preset with every scheme: written by the engine, read again, run.</summary>
public sealed class PresetSchemeTests : IClassFixture<PresetSchemeTests.Fixture>
{
    private readonly Fixture _fixture;

    public PresetSchemeTests(Fixture fixture)
    {
        _fixture = fixture;
    }

    public static TheoryData<string, string, bool> Combinations()
    {
        var combinations = new TheoryData<string, string, bool>();
        foreach (string preset in RecipePresets.Names)
        {
            foreach (string scheme in new[] { "W8A8", "W4A8", "W4A16", "W8A16", "W6A6" })
            {
                combinations.Add(preset, scheme, false);
            }

            combinations.Add(preset, "W4A4", true);
        }

        return combinations;
    }

    [Theory]
    [MemberData(nameof(Combinations))]
    public void Checkpoint_ReloadsAndComputesTheSameInBothArithmetics(string preset, string scheme, bool strict)
    {
        string output = $"{preset}-{scheme}";
        _fixture.Model.Quantize(_fixture.Kernels, TinyModel.Preset(preset, scheme, strict), output);
        string folder = _fixture.Model.File(output);
        ComputeKind compute = scheme.EndsWith("A16", StringComparison.Ordinal) ? ComputeKind.WeightOnly : ComputeKind.Integer;
        using (LoadedModel loaded = LanguageModels.Open(_fixture.Kernels, folder))
        {
            Assert.Equal(compute, loaded.Compute);
        }

        float[] integer = _fixture.Model.Logits(_fixture.Kernels, folder);
        float[] simulated = _fixture.Model.Logits(_fixture.Kernels, folder, QuantizedArithmetic.Simulated);
        double largest = simulated.Max(Math.Abs);
        double difference = integer.Zip(simulated, (a, b) => Math.Abs(a - b)).Max() / largest;
        Assert.True(difference <= 1e-5, $"integer and simulated logits differ by {difference:E1} of the largest");

        double error = TinyModel.RelativeError(integer, _fixture.FloatLogits);
        Assert.True(error <= Tolerance(scheme), $"the quantized logits are {error:P1} from the float ones");
    }

    [Theory]
    [InlineData("W4A8")]
    [InlineData("W6A6")]
    public void GptqWithoutTransforms_RunsAndReports(string scheme)
    {
        Recipe recipe = TinyModel.Preset(RecipePresets.RoundToNearest, scheme, strict: false).With(new GptqModifier(MaximumBits: 8));
        string output = $"gptq-only-{scheme}";
        _fixture.Model.Quantize(_fixture.Kernels, recipe, output);
        string report = File.ReadAllText(Path.Combine(_fixture.Model.File(output), "report.json"));
        Assert.Contains("\"damping\": 0.01", report, StringComparison.Ordinal);
        float[] logits = _fixture.Model.Logits(_fixture.Kernels, _fixture.Model.File(output));
        Assert.True(TinyModel.RelativeError(logits, _fixture.FloatLogits) <= Tolerance(scheme));
    }

    /// <summary>The error allowed; beside it the largest of the presets as measured.</summary>
    private static double Tolerance(string scheme) => scheme switch
    {
        "W8A16" => 0.01,            // 0.0075
        "W8A8" => 0.03,             // 0.020
        "W6A6" => 0.09,             // 0.065
        "W4A8" or "W4A16" => 0.1,   // 0.073
        _ => 0.4,                   // 0.28, strict W4A4
    };

    public sealed class Fixture : IDisposable
    {
        public Fixture()
        {
            FloatLogits = Model.Logits(Kernels, Model.Path);
        }

        internal TinyModel Model { get; } = new();

        internal CpuKernels Kernels { get; } = new();

        internal float[] FloatLogits { get; }

        public void Dispose()
        {
            Kernels.Dispose();
            Model.Dispose();
        }
    }
}
