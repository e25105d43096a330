using System.Collections.Immutable;
using MambaQuant.Quant.Kernels.Cpu;
using MambaQuant.Quant.Models;
using MambaQuant.Quant.Rotations;
using MambaQuant.Quant.Smoothing;
using MambaQuant.Testing;
using Xunit;

namespace MambaQuant.Quant.Tests.Smoothing;

public sealed class SmoothingSearchTests : IDisposable
{
    private static readonly SmoothingGrid _grid = new(null, [0.2, 0.5, 0.8]);

    private readonly OpaqueKernels _kernels = new();

    public void Dispose() => _kernels.Dispose();

    /// <summary>s follows a planted scale at every strength, so each candidate's block is that of the plain layer; only "no smoothing" suffers.</summary>
    [Theory]
    [InlineData(SmoothingSite.InProjToConv, false)]
    [InlineData(SmoothingSite.InProjToConv, true)]
    [InlineData(SmoothingSite.XProjToDtProj, false)]
    [InlineData(SmoothingSite.XProjToDtProj, true)]
    [InlineData(SmoothingSite.ScanState, false)]
    [InlineData(SmoothingSite.ScanState, true)]
    public void PlantedScale_IsFoundAndUndone(SmoothingSite site, bool rotates)
    {
        SmoothingChoice plain = ChooseAt(site, planted: null, rotates);
        SmoothingChoice planted = ChooseAt(site, planted: site, rotates);
        Assert.NotNull(planted.Alpha);
        double before = planted.Candidates[0].Error, after = planted.Candidates.Min(candidate => candidate.Error);

        // Measured: the least gain is 142 (the scan, rotated).
        Assert.True(after < before / 50, $"{before:E2} → {after:E2}");
        Assert.All(planted.Candidates.Zip(plain.Candidates).Skip(1), pair =>
        {
            Assert.Equal(pair.Second.Alpha, pair.First.Alpha);

            // Measured: 5e-4 where a KLT rotation, computed anew from a scaled moment, rounds otherwise; 0 without rotations.
            Assert.Equal(pair.Second.Error, pair.First.Error, 5e-3 * pair.Second.Error);
        });

        // Measured: 7e-16.
        double[] factors = FactorsAt(site, planted.Alpha!.Value);
        Assert.All(planted.Factors!.Value.Index(), factor => Assert.Equal(
            1, factor.Item / factors[factor.Index] / LayerCase.Planted(factor.Index), 1e-12));
    }

    [Fact]
    public void Choices_AreKeptForLaterSites_AndComeInTheOrderOfTheFamily()
    {
        using var layer = new LayerCase(_kernels, SmoothingSite.InProjToConv);
        using BlockTrial trial = layer.Trial(LayerCase.Scheme(scan: true, MambaFamily.ConvModule, MambaFamily.DtProjModule, MambaFamily.OutProjModule));
        LayerRotations rotations = layer.AllRotations();
        ImmutableArray<SmoothingChoice> choices = layer.Choose(trial, rotations, default,
            (SmoothingSite.GateToOutProj, _grid), (SmoothingSite.ScanState, _grid), (SmoothingSite.XProjToDtProj, _grid), (SmoothingSite.InProjToConv, _grid));
        Assert.Equal(
            [SmoothingSite.InProjToConv, SmoothingSite.XProjToDtProj, SmoothingSite.ScanState, SmoothingSite.GateToOutProj],
            choices.Select(choice => choice.Site));
        Assert.All(choices, choice => Assert.Equal([null, 0.2, 0.5, 0.8], choice.Candidates.Select(candidate => candidate.Alpha)));
        Assert.All(choices, choice => Assert.Equal(
            choice.Candidates.Min(candidate => candidate.Error), choice.Candidates.First(candidate => candidate.Alpha == choice.Alpha).Error));
        Assert.All(choices.Zip(choices.Skip(1)), pair => Assert.Equal(
            pair.First.Candidates.Min(candidate => candidate.Error), pair.Second.Candidates[0].Error));

        Dictionary<SmoothingSite, ImmutableArray<double>> chosen = choices.Where(choice => choice.Factors is not null)
            .ToDictionary(choice => choice.Site, choice => choice.Factors!.Value);
        Assert.Equal(choices[^1].Candidates.Min(candidate => candidate.Error), trial.RelativeError(layer.Weights, rotations.With(_kernels, chosen)));
    }

    [Fact]
    public void FixedStrength_NeedsNoTrial()
    {
        using var layer = new LayerCase(_kernels);
        ImmutableArray<SmoothingChoice> choices = layer.Choose(null, LayerCase.NoRotations, default,
            [.. layer.Family.Smoothings.Select(definition => (definition.Site, new SmoothingGrid(0.4, [])))]);
        Assert.Equal(layer.Family.Smoothings.Select(definition => definition.Site), choices.Select(choice => choice.Site));
        Assert.All(choices, choice =>
        {
            Assert.Equal(0.4, choice.Alpha);
            Assert.Empty(choice.Candidates);
            Assert.Equal(FactorsAt(choice.Site, 0.4), choice.Factors!.Value);
        });
    }

    [Fact]
    public void FixedStrength_IsKeptForSearchedSites()
    {
        using var layer = new LayerCase(_kernels, SmoothingSite.InProjToConv);
        using BlockTrial trial = layer.Trial(LayerCase.Scheme(scan: false, MambaFamily.ConvModule, MambaFamily.DtProjModule));
        ImmutableArray<SmoothingChoice> choices = layer.Choose(trial, LayerCase.NoRotations, default,
            (SmoothingSite.InProjToConv, new SmoothingGrid(0.5, [])), (SmoothingSite.XProjToDtProj, _grid));
        LayerTransform first = LayerCase.NoRotations.With(
            _kernels, new Dictionary<SmoothingSite, ImmutableArray<double>> { [SmoothingSite.InProjToConv] = choices[0].Factors!.Value });
        Assert.Equal(trial.RelativeError(layer.Weights, first), choices[1].Candidates[0].Error);
    }

    [Fact]
    public void FirstOfEquals_Wins()
    {
        // What adds nothing loses nothing: every candidate is exact, and leaving the layer alone comes first.
        using var silent = new LayerCase(_kernels, silent: true);
        using BlockTrial exact = silent.Trial(LayerCase.Scheme(scan: true, MambaFamily.ConvModule));
        SmoothingChoice choice = Assert.Single(silent.Choose(exact, LayerCase.NoRotations, default, (SmoothingSite.InProjToConv, _grid)));
        Assert.Null(choice.Alpha);
        Assert.Null(choice.Factors);
        Assert.All(choice.Candidates, candidate => Assert.Equal(0, candidate.Error));
    }

    [Fact]
    public void SearchWithoutATrial_IsRefused()
    {
        using var layer = new LayerCase(_kernels);
        Assert.Throws<ArgumentException>(() => layer.Choose(null, LayerCase.NoRotations, default, (SmoothingSite.ScanState, _grid)));
    }

    [Fact]
    public void CancelledSearch_Stops()
    {
        using var layer = new LayerCase(_kernels);
        using BlockTrial trial = layer.Trial(LayerCase.SchemeAt(SmoothingSite.ScanState));
        using var source = new CancellationTokenSource();
        source.Cancel();
        Assert.Throws<OperationCanceledException>(() => layer.Choose(trial, LayerCase.NoRotations, source.Token, (SmoothingSite.ScanState, _grid)));
    }

    [Fact]
    public void Search_SeesOnlyHandles_LeaksNone_AndIsThatOfThePlainBackend()
    {
        using var plain = new CpuKernels(new CpuKernelsOptions { Threads = 1 });
        SmoothingChoice[] hidden = Search(_kernels), visible = Search(plain);
        Assert.Equal(visible.Select(choice => choice.Alpha), hidden.Select(choice => choice.Alpha));
        Assert.All(visible.Zip(hidden), pair => Assert.Equal(pair.First.Candidates.ToArray(), pair.Second.Candidates.ToArray()));
        Assert.Empty(_kernels.LiveTensors);

        static SmoothingChoice[] Search(Quant.Kernels.IKernels kernels)
        {
            using var layer = new LayerCase(kernels, SmoothingSite.ScanState);
            using BlockTrial trial = layer.Trial(Quant.Quantization.QuantizationSchemes.Parse("W4A8"));
            return [.. layer.Choose(trial, layer.AllRotations(), default, [.. layer.Family.Smoothings.Select(definition => (definition.Site, _grid))])];
        }
    }

    private SmoothingChoice ChooseAt(SmoothingSite site, SmoothingSite? planted, bool rotates)
    {
        using var layer = new LayerCase(_kernels, planted);
        using BlockTrial trial = layer.Trial(LayerCase.SchemeAt(site));
        return Assert.Single(layer.Choose(trial, rotates ? layer.AllRotations() : LayerCase.NoRotations, default, (site, _grid)));
    }

    /// <summary>The factors of the layer without a planted scale.</summary>
    private double[] FactorsAt(SmoothingSite site, double alpha)
    {
        using var layer = new LayerCase(_kernels);
        SmoothingSiteDefinition definition = layer.Family.Smoothing(site);
        return SmoothingFactors.Compute(
            SmoothingMagnitudes.OfActivation(definition, layer.Statistics),
            SmoothingMagnitudes.OfConsumer(_kernels, definition, layer.Weights, layer.Statistics),
            alpha);
    }
}
