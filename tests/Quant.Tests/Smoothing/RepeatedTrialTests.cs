using System.Collections.Immutable;
using MambaQuant.Quant.Kernels;
using MambaQuant.Quant.Models;
using MambaQuant.Quant.Quantization;
using MambaQuant.Quant.Rotations;
using MambaQuant.Quant.Smoothing;
using MambaQuant.Quant.Tensors;
using Xunit;

namespace MambaQuant.Quant.Tests.Smoothing;

/// <summary>A trial keeps what a candidate does not change; its errors must be those of a trial that keeps nothing, to the last bit.</summary>
public sealed class RepeatedTrialTests : LayerTests
{
    private const int Steps = 40;

    /// <summary>Ranges by histogram where presets have them; weights by extremes, as every trial quantizes them.</summary>
    private static readonly RangeChoices _ranges = RangeChoices.Preset with { Weights = RangeEstimator.MinMax };

    public static TheoryData<string> Schemes => ["W8A8", "W4A8", "W6A6", "W8A16", "W4A16", "W16A8"];

    [Theory]
    [MemberData(nameof(Schemes))]
    public void AnyWalkOverCandidates_GivesTheErrorsOfFreshTrials(string scheme) => Walk(QuantizationSchemes.Parse(scheme, ranges: _ranges), seed: 1);

    [Fact]
    public void WeightsWithOneScale_GiveTheErrorsOfFreshTrials() => Walk(
        WithModules(module => module with { Weights = module.Weights! with { Strategy = QuantizationStrategy.Tensor } }), seed: 2);

    [Fact]
    public void DynamicInputs_GiveTheErrorsOfFreshTrials() => Walk(
        WithModules(module => module with
        {
            Input = module.Input is null ? null : module.Input with { Dynamic = true, Strategy = QuantizationStrategy.Token },
        }),
        seed: 3);

    [Fact]
    public void PartOfTheModules_GivesTheErrorsOfFreshTrials()
    {
        QuantizationScheme scheme = WithModules(module => module);
        Walk(scheme with { Modules = scheme.Modules.Remove(MambaFamily.InProjModule).Remove(MambaFamily.DtProjModule) }, seed: 4);
        Walk(scheme with { Modules = scheme.Modules.RemoveRange([MambaFamily.XProjModule, MambaFamily.OutProjModule, MambaFamily.ConvModule]) }, seed: 5);
    }

    [Fact]
    public void Search_FindsTheErrorsOfFreshTrials()
    {
        QuantizationScheme scheme = QuantizationSchemes.Parse("W4A8", ranges: _ranges);
        LayerRotations rotations = Layer.AllRotations();
        using BlockTrial trial = Layer.Trial(scheme);
        using FreshTrial fresh = Layer.Fresh(scheme);
        ImmutableArray<SmoothingChoice> choices = Layer.Choose(
            trial, rotations, default, [.. Layer.Family.Smoothings.Select(definition => (definition.Site, new SmoothingGrid(null, [0.2, 0.5, 0.9])))]);
        var chosen = ImmutableDictionary<SmoothingSite, ImmutableArray<double>>.Empty;
        foreach (SmoothingChoice choice in choices)
        {
            SmoothingSiteDefinition definition = Layer.Family.Smoothing(choice.Site);
            foreach (SmoothingCandidate candidate in choice.Candidates)
            {
                var tried = candidate.Alpha is { } alpha ? chosen.SetItem(choice.Site, Factors(definition, alpha)) : chosen;
                Assert.Equal(fresh.RelativeError(Layer.Weights, rotations.With(Kernels, tried)), candidate.Error);
            }

            chosen = choice.Factors is { } factors ? chosen.SetItem(choice.Site, factors) : chosen;
        }
    }

    [Fact]
    public void OtherWeights_StartAnew()
    {
        QuantizationScheme scheme = QuantizationSchemes.Parse("W8A8", ranges: _ranges);
        var nothing = new LayerTransform(0);
        using LayerWeights other = LayerFolder.Fold(Kernels, Layer.Family, Layer.Weights, residual: null, nothing);
        using (Tensor norm = Kernels.Upload<float>([.. Enumerable.Repeat(0.5f, LayerCase.Config.DModel)], new Shape(LayerCase.Config.DModel)))
        {
            Kernels.Copy(norm, other[Layer.Family.NormWeight]);
        }

        using BlockTrial trial = Layer.Trial(scheme);
        using FreshTrial fresh = Layer.Fresh(scheme);
        foreach (LayerWeights weights in new[] { Layer.Weights, other, Layer.Weights })
        {
            Assert.Equal(fresh.RelativeError(weights, nothing), trial.RelativeError(weights, nothing));
        }
    }

    [Fact]
    public void FailedCandidate_LeavesNothingBehind()
    {
        QuantizationScheme scheme = QuantizationSchemes.Parse("W8A8", ranges: _ranges);
        var nothing = new LayerTransform(0);
        LayerTransform smoothed = nothing.With(SmoothingSite.InProjToConv, Random(new Random(5), LayerCase.Config.DInner));
        LayerTransform unfit = smoothed.With(SmoothingSite.ScanState, Random(new Random(6), LayerCase.Config.DState + 1));
        using BlockTrial trial = Layer.Trial(scheme);
        using FreshTrial fresh = Layer.Fresh(scheme);
        Assert.Equal(fresh.RelativeError(Layer.Weights, nothing), trial.RelativeError(Layer.Weights, nothing));
        Assert.Throws<ArgumentException>(() => trial.RelativeError(Layer.Weights, unfit));
        Assert.Equal(fresh.RelativeError(Layer.Weights, smoothed), trial.RelativeError(Layer.Weights, smoothed));
    }

    private static ImmutableArray<double> Random(Random random, int count) => [.. Enumerable.Range(0, count).Select(_ => Math.Exp(random.NextDouble() - 0.5))];

    private static QuantizationScheme WithModules(Func<ModuleScheme, ModuleScheme> change)
    {
        QuantizationScheme scheme = QuantizationSchemes.Parse("W6A6", ranges: _ranges);
        return scheme with
        {
            Modules = scheme.Modules.ToImmutableSortedDictionary(
                module => module.Key,
                module => module.Key is MambaFamily.EmbeddingsModule or MambaFamily.HeadModule ? module.Value : change(module.Value),
                StringComparer.Ordinal),
        };
    }

    private ImmutableArray<double> Factors(SmoothingSiteDefinition definition, double alpha) => [.. SmoothingFactors.Compute(
        SmoothingMagnitudes.OfActivation(definition, Layer.Statistics),
        SmoothingMagnitudes.OfConsumer(Kernels, definition, Layer.Weights, Layer.Statistics),
        alpha)];

    /// <summary>Each step changes the smoothing of a site or two, takes it away, turns a rotation on or off, or repeats the candidate.</summary>
    private void Walk(QuantizationScheme scheme, int seed)
    {
        var random = new Random(seed);
        LayerTransform full = Layer.AllRotations().With(Kernels, ImmutableDictionary<SmoothingSite, ImmutableArray<double>>.Empty);
        using BlockTrial trial = Layer.Trial(scheme);
        using FreshTrial fresh = Layer.Fresh(scheme);
        LayerTransform transform = full;
        for (int step = 0; step < Steps; step++)
        {
            Assert.Equal(fresh.RelativeError(Layer.Weights, transform), trial.RelativeError(Layer.Weights, transform));
            for (int change = random.Next(3); change > 0; change--)
            {
                SmoothingSiteDefinition smoothing = Layer.Family.Smoothings[random.Next(Layer.Family.Smoothings.Length)];
                transform = transform.With(smoothing.Site, random.Next(4) == 0 ? null : Random(random, smoothing.Width));
            }

            if (random.Next(5) == 0)
            {
                RotationSite site = full.Rotations.Keys.ElementAt(random.Next(full.Rotations.Count));
                transform = transform.With(site, transform.Find(site) is null ? full.Find(site) : null);
            }
        }
    }
}
