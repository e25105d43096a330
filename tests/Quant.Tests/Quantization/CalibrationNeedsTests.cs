using MambaQuant.Quant.Models;
using MambaQuant.Quant.Quantization;
using MambaQuant.Quant.Statistics;
using MambaQuant.Quant.Tests.Recipes;
using Xunit;

namespace MambaQuant.Quant.Tests.Quantization;

public sealed class CalibrationNeedsTests
{
    private static readonly ModelFamily Family = MambaFamily.For(RecipeValidatorTests.Config);

    [Fact]
    public void WeightOnlyScheme_NeedsNoRanges()
    {
        ObservationPlan plan = Plan("W4A16");

        Assert.Empty(plan.Ranges);
        Assert.Empty(plan.Histograms);
        Assert.False(plan.State);
    }

    [Fact]
    public void StaticScheme_NeedsEverySite()
    {
        ObservationPlan plan = Plan("W8A8");

        string[] expected = ["conv_input", "dt_proj_input", "head_input", "in_proj_input", "out_proj_input", "scan_output", "x_proj_input"];
        Assert.Equal(expected, plan.Ranges.Select(site => site.Name).Order(StringComparer.Ordinal));
        Assert.Equal(plan.Ranges, plan.Histograms);
        Assert.True(plan.State && plan.StateHistogram);
        Assert.Empty(plan.SecondMoments);
    }

    [Fact]
    public void Histograms_CanBeKeptToWhereTheEstimatorReadsThem()
    {
        QuantizationScheme plain = QuantizationSchemes.Parse("W8A8", ranges: RangeChoices.MinMax);
        ObservationPlan plan = CalibrationNeeds.Ranges(Family, plain, withHistograms: false);

        Assert.Equal(7, plan.Ranges.Count);
        Assert.Empty(plan.Histograms);
        Assert.False(plan.StateHistogram);
    }

    [Theory]
    [InlineData("W8A8", false, "")]
    [InlineData("W4A8", false, "in_proj_input out_proj_input")]
    [InlineData("W4A8", true, "dt_proj_input head_input in_proj_input out_proj_input x_proj_input")]
    [InlineData("W16A8", false, "")]
    public void SecondMoments_AreThoseOfLinearsWithFewBits(string scheme, bool strict, string sites)
    {
        var needed = CalibrationNeeds.SecondMoments(Family, QuantizationSchemes.Parse(scheme, strict), new GptqOptions(), headIsTied: false);

        Assert.Equal(sites, string.Join(' ', needed.Select(site => site.Name).Order(StringComparer.Ordinal)));
        Assert.Empty(CalibrationNeeds.SecondMoments(Family, QuantizationSchemes.Parse(scheme, strict), null, headIsTied: false));
        Assert.DoesNotContain(
            ActivationSite.HeadInput,
            CalibrationNeeds.SecondMoments(Family, QuantizationSchemes.Parse(scheme, strict), new GptqOptions(), headIsTied: true));
    }

    private static ObservationPlan Plan(string scheme) => CalibrationNeeds.Ranges(Family, QuantizationSchemes.Parse(scheme));
}
