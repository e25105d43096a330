using System.Collections.Immutable;
using MambaQuant.Quant.Models;
using MambaQuant.Quant.Quantization;
using MambaQuant.Quant.Recipes;
using Xunit;

namespace MambaQuant.Quant.Tests.Recipes;

public sealed class RecipeValidatorTests
{
    internal static readonly MambaConfig Config = new()
    {
        VocabularySize = 50,
        DModel = 768,
        DInner = 1536,
        DState = 16,
        DConv = 4,
        DtRank = 48,
        LayerCount = 2,
        NormEpsilon = 1e-5f,
        UseBias = false,
        UseConvBias = true,
        TieEmbeddings = true,
    };

    private static readonly QuantizationModifier Quantizers = new(QuantizationSchemes.Parse("W8A8"));

    [Fact]
    public void EverythingWrong_IsReportedAtOnce()
    {
        var recipe = new Recipe(
            " ",
            new KltRotationModifier(RotationSite.OutProjInput),
            new HadamardRotationModifier(RotationSite.OutProjInput),
            new SmoothingModifier(SmoothingSite.ScanState, SmoothingStrength.Fixed(1.5)),
            new SmoothingModifier(SmoothingSite.ScanState, SmoothingStrength.Search()),
            new SmoothingModifier(SmoothingSite.NormToInProj, SmoothingStrength.Search(0.5, 0.5, double.NaN)),
            new GptqModifier(0, -1, MaximumBits: 9));
        ImmutableArray<RecipeProblem> problems = RecipeValidator.Problems(recipe);

        (int? Modifier, string Part)[] expected =
        [
            (0, "only ResidualStream and TimeStepRank"), (1, "twice, as modifiers 1 and 2"), (2, "alpha must be 0 to 1, not 1.5"),
            (3, "grid of the search is empty"), (3, "twice"), (4, "must ascend"), (4, "not NaN"), (5, "block_size"), (5, "damping"), (5, "maximum_bits"),
            (null, "no name"), (null, "no Quantization"),
        ];
        Assert.Equal(expected.Length, problems.Length);
        Assert.All(expected.Zip(problems), pair =>
        {
            Assert.Equal(pair.First.Modifier, pair.Second.Modifier);
            Assert.Contains(pair.First.Part, pair.Second.Message, StringComparison.Ordinal);
        });
    }

    [Fact]
    public void Gptq_NeedsWeightsToRound()
    {
        var recipe = new Recipe("float", new QuantizationModifier(QuantizationSchemes.Parse("W16A8")), new GptqModifier());

        Assert.Contains("quantizes none", Assert.Single(RecipeValidator.Problems(recipe)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Scheme_MustHaveANameThatCanBeWritten()
    {
        var recipe = new Recipe("r", new QuantizationModifier(Quantizers.Scheme with { Name = "mine" }));

        Assert.Contains("scheme 'mine' is not known", Assert.Single(RecipeValidator.Problems(recipe)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Model_MustHaveTheSitesModulesAndWidths()
    {
        ModelFamily family = MambaFamily.For(Config with { DtRank = 7 });
        var recipe = new Recipe(
            "r",
            new HadamardRotationModifier(RotationSite.TimeStepRank),
            new SmoothingModifier(SmoothingSite.ScanState, SmoothingStrength.Searched),
            new QuantizationModifier(Quantizers.Scheme with { Modules = Quantizers.Scheme.Modules.Add("attention", new(new() { Bits = 8 }, null)) }));
        family = family with { Smoothings = [], Name = "other" };
        ImmutableArray<RecipeProblem> problems = RecipeValidator.Problems(recipe, family);

        Assert.Equal([0, 1, 2], problems.Select(problem => problem.Modifier));
        Assert.Contains("order 7", problems[0].Message, StringComparison.Ordinal);
        Assert.Contains("'other' have no site 'ScanState'", problems[1].Message, StringComparison.Ordinal);
        Assert.Contains("no module 'attention'", problems[2].Message, StringComparison.Ordinal);
        Assert.Throws<InvalidRecipeException>(() => RecipeValidator.ThrowIfInvalid(recipe, family));
        RecipeValidator.ThrowIfInvalid(RecipePresets.Get(RecipePresets.MambaQuant), MambaFamily.For(Config));
    }
}
