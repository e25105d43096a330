using System.Collections.Immutable;
using MambaQuant.Quant.Inference;
using MambaQuant.Quant.Kernels;
using MambaQuant.Quant.Kernels.Cpu;
using MambaQuant.Quant.Models;
using MambaQuant.Quant.Quantization;
using MambaQuant.Quant.Rotations;
using MambaQuant.Quant.Statistics;
using MambaQuant.Quant.Tensors;
using MambaQuant.Testing;
using Xunit;

namespace MambaQuant.Quant.Tests.Quantization;

public sealed class LayerQuantizerTests : IDisposable
{
    private const int Layer = 1;
    private static readonly SyntheticMamba Model = new();
    private static readonly MambaConfig Config = Model.Config;
    private static readonly ModelFamily Family = MambaFamily.For(Config);

    private readonly CpuKernels _kernels = new();
    private readonly TemporaryDirectory _directory = new();
    private readonly MambaCheckpoint _checkpoint;
    private readonly LayerWeights _weights;

    public LayerQuantizerTests()
    {
        Model.Write(_directory.Path);
        _checkpoint = MambaCheckpoint.Open(_directory.Path);
        _weights = _checkpoint.LoadLayer(_kernels, Layer);
    }

    public void Dispose()
    {
        _weights.Dispose();
        _checkpoint.Dispose();
        _directory.Dispose();
        _kernels.Dispose();
    }

    [Theory]
    [InlineData("W8A8", false, 23)]
    [InlineData("W8A8", true, 23)]
    [InlineData("W6A6", false, 12)]
    [InlineData("W4A8", false, 10)]
    [InlineData("W8A16", false, 28)]
    [InlineData("W4A16", true, 8)]
    [InlineData("W16A8", false, 24)]
    public void QuantizedBlock_ComputesNearlyWhatTheFloatBlockDoes(string name, bool strict, double decibels)
    {
        QuantizationScheme scheme = QuantizationSchemes.Parse(name, strict);
        LayerTransform transform = Transform();
        using LayerWeights folded = LayerFolder.Fold(_kernels, Family, _weights, residual: null, transform);
        (LayerStatistics statistics, float[] input, float[] expected) = Observe(folded, transform, CalibrationNeeds.Ranges(Family, scheme));
        (QuantizedLayer layer, _) = LayerQuantizer.Quantize(_kernels, Family, folded, transform, scheme, statistics);
        using (layer)
        {
            using MambaBlock block = QuantizedBlock.Build(_kernels, Config, layer, QuantizedArithmetic.Integer);
            float[] found = Change(block, input, observer: null);

            // Measured: 25.0, 25.0, 13.9, 11.9, 30.0, 9.7 and 26.0 dB in the order of the cases. A block multiplies Δ, B, C and the gate, so it
            // loses some 10 dB beside each operand's own noise (34 dB for h, 42 for C, 45 to 50 for 8-bit weights).
            double signal = expected.Sum(value => (double)value * value);
            double noise = expected.Zip(found, (a, b) => Math.Pow((double)a - b, 2)).Sum();
            double sqnr = 10 * Math.Log10(signal / noise);
            Assert.True(sqnr > decibels, $"{name} {strict}: {sqnr} dB");
        }
    }

    [Fact]
    public void Layer_HoldsCodesOrFloatsNeverBoth()
    {
        QuantizationScheme scheme = QuantizationSchemes.Parse("W4A8");
        scheme = scheme with { Modules = scheme.Modules.SetItem("x_proj", scheme.Find("x_proj")! with { Weights = null }) };
        LayerTransform transform = Transform();
        LayerStatistics statistics = Observe(_weights, transform, CalibrationNeeds.Ranges(Family, scheme)).Statistics;
        (QuantizedLayer layer, LayerQuantizationReport report) = LayerQuantizer.Quantize(_kernels, Family, _weights, transform, scheme, statistics);
        using (layer)
        {
            Assert.Equal(Layer, layer.Layer);
            Assert.Equal(["conv1d", "dt_proj", "in_proj", "out_proj"], layer.Weights.Keys.Order());
            Assert.Equal(layer.Weights.Keys.Order(), layer.WeightArgs.Keys);
            Assert.All(Family.LayerModules, module => Assert.Equal(module.Name == "x_proj", layer.Float.Find(module.Weight) is not null));
            Assert.Equal(_weights.Names.Count() - 4, layer.Float.Names.Count());
            Assert.Equal((24, 48), (layer.Weights["in_proj"].GroupSize, layer.Weights["out_proj"].GroupSize));
            Assert.Equal(
                [ActivationSite.ConvInput, ActivationSite.DtProjInput, ActivationSite.InProjInput, ActivationSite.OutProjInput, ActivationSite.ScanOutput, ActivationSite.XProjInput],
                layer.Inputs.Keys.OrderBy(site => site.Name));
            Assert.Equal(Config.DInner, layer.ScanStateScales!.Value.Length);
            Assert.Equal([RotationSite.OutProjInput, RotationSite.XProjInput, RotationSite.ScanState], layer.OnlineRotations.Keys);
            Assert.Equal([48, 48, 8], layer.OnlineRotations.Values);
            Assert.Equal(Config.DInner, layer.GateSmoothing!.Value.Length);
            Assert.Equal(["in_proj", "conv1d", "dt_proj", "out_proj"], report.Modules.Select(module => module.Module));
            Assert.Equal(7, report.Sites.Length);
            Assert.All(report.Sites, site => Assert.InRange(site.Sqnr!.Value, 25, 60));
            Assert.All(report.Modules, module => Assert.InRange(module.Sqnr, module.Args.Bits == 8 ? 35 : 12, 60));
        }
    }

    [Fact]
    public void Gptq_RoundsLinearsOfFewBitsOnly()
    {
        QuantizationScheme scheme = QuantizationSchemes.Parse("W4A16");
        var gptq = new GptqOptions();
        ImmutableHashSet<ActivationSite> needed = CalibrationNeeds.SecondMoments(Family, scheme, gptq, headIsTied: true);
        Assert.Equal([ActivationSite.InProjInput, ActivationSite.OutProjInput], needed.OrderBy(site => site.Name));

        LayerStatistics statistics = Observe(_weights, new LayerTransform(Layer), new ObservationPlan { SecondMoments = needed }).Statistics;
        (QuantizedLayer layer, LayerQuantizationReport report) = LayerQuantizer.Quantize(
            _kernels, Family, _weights, new LayerTransform(Layer), scheme, statistics: null, gptq, site => statistics.Find(site)?.Moment);
        using (layer)
        {
            Assert.Equal(["in_proj", "out_proj"], report.Modules.Where(module => module.Gptq is not null).Select(module => module.Module));
            Assert.All(report.Modules.Where(module => module.Gptq is not null), module => Assert.True(module.Gptq!.SqnrCompensated > module.Gptq.SqnrRounded));
            Assert.Empty(layer.Inputs);
            Assert.Null(layer.ScanState);
            Assert.Null(layer.ScanStateScales);
        }
    }

    [Fact]
    public void MissingStatistics_AreNamed()
    {
        long before = _kernels.LiveBytes;
        var transform = new LayerTransform(Layer);
        QuantizationScheme scheme = QuantizationSchemes.Parse("W8A8");
        ArgumentException site = Assert.Throws<ArgumentException>(() => LayerQuantizer.Quantize(_kernels, Family, _weights, transform, scheme, null));
        Assert.Contains("layer 1: in_proj_input", site.Message, StringComparison.Ordinal);

        ObservationPlan plan = CalibrationNeeds.Ranges(Family, scheme) with { Histograms = [] };
        LayerStatistics extremes = Observe(_weights, transform, plan).Statistics;
        QuantizationScheme percentile = QuantizationSchemes.Parse("W8A8", ranges: new RangeChoices { Inputs = RangeEstimator.Percentile });
        ArgumentException histogram = Assert.Throws<ArgumentException>(
            () => LayerQuantizer.Quantize(_kernels, Family, _weights, transform, percentile, extremes));
        Assert.Contains("histogram", histogram.Message, StringComparison.Ordinal);

        ArgumentException moment = Assert.Throws<ArgumentException>(() => LayerQuantizer.Quantize(
            _kernels, Family, _weights, transform, QuantizationSchemes.Parse("W4A16"), null, new GptqOptions()));
        Assert.Contains("layer 1, in_proj: GPTQ needs the second moment", moment.Message, StringComparison.Ordinal);
        Assert.Equal(before, _kernels.LiveBytes);
    }

    [Fact]
    public void DynamicScheme_NeedsNoStatistics()
    {
        QuantizationScheme scheme = QuantizationSchemes.Parse("W8A8");
        QuantizationArgs dynamic = new() { Bits = 8, Strategy = QuantizationStrategy.Token, Dynamic = true };
        scheme = scheme with
        {
            Modules = scheme.Modules.ToImmutableSortedDictionary(
                pair => pair.Key, pair => pair.Value with { Input = pair.Value.Input is null ? null : dynamic }, StringComparer.Ordinal),
            ScanState = dynamic,
            ScanOutput = dynamic,
        };
        Assert.Equal(ObservationPlan.Nothing.Ranges, CalibrationNeeds.Ranges(Family, scheme).Ranges);
        Assert.False(CalibrationNeeds.Ranges(Family, scheme).State);

        (QuantizedLayer layer, LayerQuantizationReport report) = LayerQuantizer.Quantize(_kernels, Family, _weights, new LayerTransform(Layer), scheme, null);
        using (layer)
        {
            Assert.Null(layer.ScanStateScales);
            Assert.Equal(dynamic, layer.ScanState);
            Assert.All(report.Sites, site => Assert.Null(site.LargestScale));
        }
    }

    [Fact]
    public void SameInputs_GiveTheSameBytesOnAnyNumberOfThreads()
    {
        QuantizationScheme scheme = QuantizationSchemes.Parse("W4A8");
        byte[] Run(int threads)
        {
            using var kernels = new CpuKernels(new CpuKernelsOptions { Threads = threads });
            using LayerWeights weights = _checkpoint.LoadLayer(kernels, Layer);
            LayerStatistics statistics = Observe(_weights, new LayerTransform(Layer), CalibrationNeeds.Ranges(Family, scheme)).Statistics;
            (QuantizedLayer layer, _) = LayerQuantizer.Quantize(kernels, Family, weights, new LayerTransform(Layer), scheme, statistics);
            using (layer)
            {
                return [.. layer.Weights.OrderBy(pair => pair.Key, StringComparer.Ordinal).SelectMany(pair =>
                {
                    byte[] codes = new byte[pair.Value.Codes.Shape.ElementCount];
                    kernels.Download(pair.Value.Codes, System.Runtime.InteropServices.MemoryMarshal.Cast<byte, sbyte>(codes.AsSpan()));
                    return codes;
                })];
            }
        }

        Assert.Equal(Run(1), Run(3));
    }

    private static LayerTransform Transform() => new LayerTransform(Layer)
        .With(RotationSite.XProjInput, Rotation.Hadamard(RotationSite.XProjInput, Config.DInner))
        .With(RotationSite.OutProjInput, Rotation.Hadamard(RotationSite.OutProjInput, Config.DInner))
        .With(RotationSite.ScanState, Rotation.Hadamard(RotationSite.ScanState, Config.DState))
        .With(SmoothingSite.GateToOutProj, [.. Enumerable.Range(0, Config.DInner).Select(i => 0.7 + (0.02 * i))]);

    private (LayerStatistics Statistics, float[] Input, float[] Output) Observe(LayerWeights weights, LayerTransform transform, ObservationPlan plan)
    {
        using OnlineTransforms online = LayerFolder.Online(_kernels, Family, transform);
        LayerWeights copy = LayerFolder.Fold(_kernels, Family, weights, residual: null, new LayerTransform(Layer));
        using var observer = new LayerObserver(_kernels, plan, Layer, Config);
        using MambaBlock block = FloatBlock.Build(_kernels, Config, copy, online);
        var random = new Random(3);
        float[] input = [.. Enumerable.Range(0, 2 * 40 * Config.DModel).Select(_ => (float)(random.NextDouble() - 0.5))];
        float[] output = Change(block, input, observer);
        return (observer.ToStatistics(), input, output);
    }

    private float[] Change(MambaBlock block, float[] input, IActivationObserver? observer)
    {
        using Tensor r = _kernels.Upload<float>(input, new Shape(2, 40, Config.DModel));
        using BlockState state = BlockState.Zero(_kernels, Config, batch: 2);
        using Tensor change = block.Change(_kernels, r, state, observer);
        float[] values = new float[input.Length];
        _kernels.Download(change, values.AsSpan());
        return values;
    }
}
