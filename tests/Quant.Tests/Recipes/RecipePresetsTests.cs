using MambaQuant.Quant.Models;
using MambaQuant.Quant.Quantization;
using MambaQuant.Quant.Recipes;
using Xunit;

namespace MambaQuant.Quant.Tests.Recipes;

public sealed class RecipePresetsTests
{
    [Fact]
    public void EveryPresetAndScheme_IsValid()
    {
        foreach (string name in RecipePresets.Names)
        {
            foreach (string scheme in (string[])[.. QuantizationSchemes.Names, "W6A6", "W2A2", "W16A8"])
            {
                Assert.Empty(RecipeValidator.Problems(RecipePresets.Get(name, scheme)));
                Assert.Empty(RecipeValidator.Problems(RecipePresets.Get(name, scheme, strict: true)));
            }
        }
    }

    [Fact]
    public void AllButRtn_ShareQuantizersAndGptq()
    {
        Recipe whole = RecipePresets.Get(RecipePresets.MambaQuant, "W4A8");

        foreach (string name in RecipePresets.Names.Where(name => name != RecipePresets.RoundToNearest))
        {
            Recipe recipe = RecipePresets.Get(name, "W4A8");
            Assert.Equal(whole.Quantization, recipe.Quantization);
            Assert.Equal(whole.Gptq, recipe.Gptq);
            Assert.NotNull(recipe.Gptq);
        }

        Assert.Null(RecipePresets.Get(RecipePresets.RoundToNearest, "W4A8").Gptq);
    }

    [Fact]
    public void QuaRot_RotatesWhereMambaQuantDoesAndSmoothsNowhere()
    {
        Recipe quarot = RecipePresets.Get(RecipePresets.QuaRot);
        Recipe mambaquant = RecipePresets.Get(RecipePresets.MambaQuant);

        foreach (RotationSite site in Enum.GetValues<RotationSite>())
        {
            Assert.IsType<HadamardRotationModifier>(quarot.RotationAt(site));
            Assert.NotNull(mambaquant.RotationAt(site));
        }

        Assert.Empty(quarot.Smoothings);
        Assert.NotNull(mambaquant.KltAt(RotationSite.ResidualStream));
        Assert.NotNull(mambaquant.KltAt(RotationSite.TimeStepRank));
        Assert.Null(mambaquant.KltAt(RotationSite.OutProjInput));
        Assert.Null(mambaquant.SmoothingAt(SmoothingSite.NormToInProj));
        Assert.Equal(4, mambaquant.Smoothings.Count());
        Assert.All(mambaquant.Smoothings, smoothing => Assert.True(smoothing.Strength.IsSearched));
    }

    [Fact]
    public void Portable_LeavesNothingForRunTime()
    {
        Recipe portable = RecipePresets.Get(RecipePresets.MambaQuantPortable);
        ModelFamily family = MambaFamily.For(RecipeValidatorTests.Config);

        Assert.All(family.Rotations.Where(rotation => rotation.IsOnline), rotation => Assert.Null(portable.RotationAt(rotation.Site)));
        Assert.Null(portable.SmoothingAt(SmoothingSite.GateToOutProj));
        Assert.NotNull(portable.KltAt(RotationSite.ResidualStream));
    }

    [Fact]
    public void UnknownNames_ListTheKnownOnes()
    {
        ArgumentException preset = Assert.Throws<ArgumentException>(() => RecipePresets.Get("mamba-quant"));
        Assert.Contains("rtn, smoothquant, quarot, mambaquant-portable, mambaquant", preset.Message, StringComparison.Ordinal);
        ArgumentException scheme = Assert.Throws<ArgumentException>(() => RecipePresets.Get("mambaquant", "FP8"));
        Assert.Contains("W8A8", scheme.Message, StringComparison.Ordinal);
    }
}
