using MambaQuant.Quant.Models;
using MambaQuant.Quant.Recipes;
using Xunit;

namespace MambaQuant.Quant.Tests.Recipes;

public sealed class RecipeTests
{
    private static readonly Recipe Whole = RecipePresets.Get(RecipePresets.MambaQuant, "W4A8");

    [Fact]
    public void Equality_IsByValue()
    {
        Recipe again = RecipePresets.Get(RecipePresets.MambaQuant, "W4A8");

        Assert.Equal(Whole, again);
        Assert.Equal(Whole.GetHashCode(), again.GetHashCode());
        Assert.NotEqual(Whole, again with { Name = "other" });
        Assert.NotEqual(Whole, again.WithoutGptq());
        Assert.NotEqual(
            new SmoothingModifier(SmoothingSite.ScanState, SmoothingStrength.Search(0, 0.5)),
            new SmoothingModifier(SmoothingSite.ScanState, SmoothingStrength.Search(0, 0.6)));
    }

    [Fact]
    public void With_ReplacesWhatStandsAtTheSameSite()
    {
        Recipe plain = Whole.With(new HadamardRotationModifier(RotationSite.ResidualStream));

        Assert.Equal(Whole.Modifiers.Length, plain.Modifiers.Length);
        Assert.IsType<HadamardRotationModifier>(plain.RotationAt(RotationSite.ResidualStream));
        Assert.Equal(Whole.Modifiers[1], plain.Modifiers[1]);

        Recipe more = Whole.With(new SmoothingModifier(SmoothingSite.NormToInProj, SmoothingStrength.Fixed(0.5)));
        Assert.Equal(Whole.Modifiers.Length + 1, more.Modifiers.Length);
        Assert.Equal(0.5, more.SmoothingAt(SmoothingSite.NormToInProj)!.Strength.Alpha);

        Assert.Equal(0.1, Whole.With(new GptqModifier(Damping: 0.1)).Gptq!.Damping);
    }

    [Fact]
    public void Without_TakesOneThingAway()
    {
        Assert.Null(Whole.Without(RotationSite.ScanState).RotationAt(RotationSite.ScanState));
        Assert.NotNull(Whole.Without(RotationSite.ScanState).SmoothingAt(SmoothingSite.ScanState));
        Assert.Null(Whole.Without(SmoothingSite.ScanState).SmoothingAt(SmoothingSite.ScanState));
        Assert.NotNull(Whole.Without(SmoothingSite.ScanState).RotationAt(RotationSite.ScanState));
        Assert.Null(Whole.WithoutGptq().Gptq);
    }
}
