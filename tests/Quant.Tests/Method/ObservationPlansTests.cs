using MambaQuant.Quant.Method;
using MambaQuant.Quant.Models;
using MambaQuant.Quant.Recipes;
using MambaQuant.Quant.Statistics;
using MambaQuant.Testing;
using Xunit;
using static MambaQuant.Quant.Models.ActivationSite;

namespace MambaQuant.Quant.Tests.Method;

public sealed class ObservationPlansTests
{
    /// <summary>Every input of a module that an activation scheme fixes, and C.</summary>
    private static readonly ActivationSite[] _inputs =
        [InProjInput, ConvInput, XProjInput, DtProjInput, OutProjInput, HeadInput, ScanOutput];

    private static readonly ModelFamily _family = MambaFamily.For(new SyntheticMamba().Config);

    [Theory]
    [InlineData("W8A8")]
    [InlineData("W4A8")]
    [InlineData("W4A16")]
    public void Rounding_NeedsNoFirstPass(string scheme) =>
        Assert.False(ObservationPlans.IsNeeded(Original(RecipePresets.RoundToNearest, scheme)));

    [Theory]
    [InlineData(RecipePresets.RoundToNearest)]
    [InlineData(RecipePresets.SmoothQuant)]
    [InlineData(RecipePresets.QuaRot)]
    [InlineData(RecipePresets.MambaQuantPortable)]
    [InlineData(RecipePresets.MambaQuant)]
    public void FixedActivations_NeedRangesAndCountsOfTheirInputs_AndNoMore(string preset)
    {
        ObservationPlan plan = ObservationPlans.Transformed(RecipePresets.Get(preset, "W4A8"), _family);
        AssertSites(_inputs, plan.Ranges);
        AssertSites(_inputs, plan.Histograms);
        Assert.Empty(plan.SecondMoments);
        Assert.True(plan.State && plan.StateHistogram);
    }

    [Theory]
    [InlineData(RecipePresets.RoundToNearest)]
    [InlineData(RecipePresets.QuaRot)]
    [InlineData(RecipePresets.MambaQuant)]
    public void WeightsAlone_NeedNoSecondPass(string preset) =>
        Assert.False(ObservationPlans.IsNeeded(ObservationPlans.Transformed(RecipePresets.Get(preset, "W4A16"), _family)));

    [Fact]
    public void QuaRot_NeedsSecondMomentsOnlyForErrorCompensation()
    {
        // W4A8: in_proj and out_proj have 4 bits, everything else 8. The moment of in_proj's input is that of the stream before its norm weight.
        AssertSites([ResidualStream, OutProjInput], Original(RecipePresets.QuaRot, "W4A8").SecondMoments);
        Assert.Empty(Original(RecipePresets.QuaRot, "W8A8").SecondMoments);
        Assert.Empty(Original(RecipePresets.QuaRot, "W6A6").SecondMoments);
    }

    [Fact]
    public void QuaRot_OfWeightsOfEightBits_NeedsNoPassAtAll() =>
        Assert.False(ObservationPlans.IsNeeded(Original(RecipePresets.QuaRot, "W8A16")));

    [Fact]
    public void StrictFourBits_NeedTheSecondMomentOfEveryLinearInput()
    {
        Recipe recipe = RecipePresets.Get(RecipePresets.SmoothQuant, "W4A4", strict: true);
        AssertSites([ResidualStream, XProjInput, DtProjInput, OutProjInput], ObservationPlans.Original(recipe, _family).SecondMoments);
    }

    [Fact]
    public void MaximumBits_MoveTheLineOfErrorCompensation()
    {
        Recipe recipe = RecipePresets.Get(RecipePresets.QuaRot, "W8A8").With(new GptqModifier(MaximumBits: 8));
        AssertSites([ResidualStream, XProjInput, DtProjInput, OutProjInput], ObservationPlans.Original(recipe, _family).SecondMoments);
    }

    [Fact]
    public void SequentialCompensation_MovesTheMomentsToTheSecondPass()
    {
        Recipe recipe = RecipePresets.Get(RecipePresets.QuaRot, "W4A16").With(new GptqModifier(Sequential: true));
        Assert.False(ObservationPlans.IsNeeded(ObservationPlans.Original(recipe, _family)));
        ObservationPlan second = ObservationPlans.Transformed(recipe, _family);
        AssertSites([InProjInput, OutProjInput], second.SecondMoments);
        Assert.Empty(second.Ranges);
    }

    [Fact]
    public void SmoothQuant_NeedsTheMagnitudesOfItsSites()
    {
        // Weights of 8 bits alone: nothing is reported of activations, nothing compensated, so only what the factors are made of.
        ObservationPlan plan = Original(RecipePresets.SmoothQuant, "W8A16");
        AssertSites([InProjInput, ConvInput, DtProjInput], plan.Ranges);
        Assert.Empty(plan.Histograms);
        Assert.Empty(plan.SecondMoments);
        Assert.False(plan.State);
    }

    [Fact]
    public void MambaQuant_NeedsMomentsForItsRotations_AndMagnitudesForItsSmoothing()
    {
        ObservationPlan plan = Original(RecipePresets.MambaQuant, "W8A16");
        AssertSites([ResidualStream, DtProjInput], plan.SecondMoments);
        AssertSites([ConvInput, DtProjInput, OutProjInput, ScanOutput], plan.Ranges);
        Assert.Empty(plan.Histograms);
        Assert.True(plan.State);
        Assert.False(plan.StateHistogram);
    }

    [Fact]
    public void TransformsOfActivations_AreComparedWithTheOriginalRanges()
    {
        ObservationPlan plan = Original(RecipePresets.QuaRot, "W8A8");
        AssertSites(_inputs, plan.Ranges);
        AssertSites(_inputs, plan.Histograms);
        Assert.True(plan.State && plan.StateHistogram);
    }

    private static ObservationPlan Original(string preset, string scheme) =>
        ObservationPlans.Original(RecipePresets.Get(preset, scheme), _family);

    private static void AssertSites(IEnumerable<ActivationSite> expected, IEnumerable<ActivationSite> actual) => Assert.Equal(
        expected.Select(site => site.Name).Order(StringComparer.Ordinal), actual.Select(site => site.Name).Order(StringComparer.Ordinal));
}
