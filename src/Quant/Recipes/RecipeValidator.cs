using System.Collections.Immutable;
using MambaQuant.Quant.Models;
using MambaQuant.Quant.Quantization;
using MambaQuant.Quant.Rotations;

namespace MambaQuant.Quant.Recipes;

/// <summary>Says what is wrong with a recipe, all at once and before anything is computed.</summary>
public static class RecipeValidator
{
    private const int LongestName = 100;
    private const int LargestBlock = 1 << 20;

    /// <summary>Finds everything that makes no sense for any model.</summary>
    /// <param name="recipe">The recipe.</param>
    /// <returns>The problems in the order of the modifiers, those of the whole recipe last; empty where it is sound.</returns>
    public static ImmutableArray<RecipeProblem> Problems(Recipe recipe)
    {
        ArgumentNullException.ThrowIfNull(recipe);
        List<RecipeProblem> problems = [];
        for (int i = 0; i < recipe.Modifiers.Length; i++)
        {
            Modifier modifier = recipe.Modifiers[i];
            problems.AddRange(OwnProblems(modifier).Select(message => new RecipeProblem(message, i)));
            for (int j = 0; j < i; j++)
            {
                if (Recipe.SharesSlot(recipe.Modifiers[j], modifier))
                {
                    problems.Add(new($"{Name(modifier)} stands in the recipe twice, as modifiers {j + 1} and {i + 1}; keep one", i));
                }
            }
        }

        problems.AddRange(ProblemsOfTheWhole(recipe).Select(message => new RecipeProblem(message)));
        return [.. problems];
    }

    /// <summary>Finds everything that makes no sense for one kind of model: sites or modules it lacks, widths without a Hadamard matrix.</summary>
    /// <param name="recipe">The recipe.</param>
    /// <param name="family">The tables of the model, for its dimensions.</param>
    /// <returns>The problems of <see cref="Problems(Recipe)"/>, then those with the model.</returns>
    public static ImmutableArray<RecipeProblem> Problems(Recipe recipe, ModelFamily family)
    {
        ArgumentNullException.ThrowIfNull(family);
        List<RecipeProblem> problems = [.. Problems(recipe)];
        for (int i = 0; i < recipe.Modifiers.Length; i++)
        {
            problems.AddRange(ProblemsWith(family, recipe.Modifiers[i]).Select(message => new RecipeProblem(message, i)));
        }

        return [.. problems];
    }

    /// <summary>Refuses a recipe that has problems.</summary>
    /// <param name="recipe">The recipe.</param>
    /// <param name="family">The tables of the model; null to check what holds for any.</param>
    /// <exception cref="InvalidRecipeException">The recipe has problems; the exception lists all of them.</exception>
    public static void ThrowIfInvalid(Recipe recipe, ModelFamily? family = null)
    {
        ImmutableArray<RecipeProblem> problems = family is null ? Problems(recipe) : Problems(recipe, family);
        if (!problems.IsEmpty)
        {
            throw new InvalidRecipeException($"recipe '{recipe.Name}'", problems);
        }
    }

    private static IEnumerable<string> OwnProblems(Modifier modifier) => modifier switch
    {
        KltRotationModifier klt when klt.Site is not (RotationSite.ResidualStream or RotationSite.TimeStepRank) =>
            [$"KltRotation at {klt.Site}: only ResidualStream and TimeStepRank fold a dense rotation; use HadamardRotation here"],
        SmoothingModifier smoothing => StrengthProblems(smoothing),
        QuantizationModifier quantization => SchemeProblems(quantization.Scheme).Select(problem => $"Quantization: {problem}"),
        GptqModifier gptq => GptqProblems(gptq),
        _ => [],
    };

    private static IEnumerable<string> StrengthProblems(SmoothingModifier smoothing)
    {
        SmoothingStrength strength = smoothing.Strength;
        if (strength.Alpha is { } alpha && !IsShare(alpha))
        {
            yield return $"Smoothing at {smoothing.Site}: alpha must be 0 to 1, not {alpha}";
        }

        if (strength.IsSearched && strength.Grid.IsEmpty)
        {
            yield return $"Smoothing at {smoothing.Site}: the grid of the search is empty";
        }

        for (int i = 0; i < strength.Grid.Length; i++)
        {
            if (!IsShare(strength.Grid[i]))
            {
                yield return $"Smoothing at {smoothing.Site}: alphas of the grid must be 0 to 1, not {strength.Grid[i]}";
            }
            else if (i > 0 && strength.Grid[i] <= strength.Grid[i - 1])
            {
                yield return $"Smoothing at {smoothing.Site}: the grid must ascend, but {strength.Grid[i]} follows {strength.Grid[i - 1]}";
            }
        }
    }

    private static IEnumerable<string> SchemeProblems(QuantizationScheme scheme)
    {
        // A recipe is written as a scheme's name and what differs from it, so the name must be one that a reader understands.
        if (!QuantizationSchemes.TryParse(scheme.Name, strict: false, ranges: null, out _, out string? problem))
        {
            yield return problem;
        }

        foreach (string other in QuantizationSchemeValidator.Problems(scheme))
        {
            yield return other;
        }
    }

    private static IEnumerable<string> GptqProblems(GptqModifier gptq)
    {
        if (gptq.BlockSize is < 1 or > LargestBlock)
        {
            yield return $"Gptq: block_size must be 1 to {LargestBlock}, not {gptq.BlockSize}";
        }

        if (!(gptq.Damping is > 0 and <= 1))
        {
            yield return $"Gptq: damping must be above 0 and at most 1, not {gptq.Damping}";
        }

        if (gptq.MaximumBits is < 2 or > 8)
        {
            yield return $"Gptq: maximum_bits must be 2 to 8, not {gptq.MaximumBits}";
        }
    }

    private static IEnumerable<string> ProblemsOfTheWhole(Recipe recipe)
    {
        if (string.IsNullOrWhiteSpace(recipe.Name))
        {
            yield return "the recipe has no name";
        }
        else if (recipe.Name.Length > LongestName || recipe.Name.Any(character => char.IsControl(character) || char.IsSurrogate(character)))
        {
            yield return $"the recipe's name must be at most {LongestName} printable characters";
        }

        if (recipe.Quantization is null)
        {
            yield return "the recipe has no Quantization, so it would change nothing; add one, such as '- Quantization: { scheme: W8A8 }'";
        }
        else if (recipe.Gptq is not null && recipe.Quantization.Scheme.Modules.Values.All(module => module.Weights is null))
        {
            yield return $"Gptq rounds weights, but scheme {recipe.Quantization.Scheme.Name} quantizes none; remove Gptq";
        }
    }

    private static IEnumerable<string> ProblemsWith(ModelFamily family, Modifier modifier)
    {
        if (Recipe.SiteOf(modifier) is { } site)
        {
            RotationSiteDefinition? definition = family.Rotations.FirstOrDefault(rotation => rotation.Site == site);
            if (definition is null)
            {
                yield return new UnsupportedSiteException(family.Name, site.ToString()).Message;
            }
            else if (!HadamardMatrix.TryFactor(definition.Width, out _))
            {
                yield return $"{Name(modifier)}: no Hadamard matrix of order {definition.Width} is known; remove the rotation";
            }
        }

        if (modifier is SmoothingModifier smoothing && family.Smoothings.All(definition => definition.Site != smoothing.Site))
        {
            yield return new UnsupportedSiteException(family.Name, smoothing.Site.ToString()).Message;
        }

        if (modifier is QuantizationModifier quantization)
        {
            HashSet<string> known = [.. family.LayerModules.Select(module => module.Name), family.Embeddings.Name, family.Head.Name];
            foreach (string module in quantization.Scheme.Modules.Keys.Where(module => !known.Contains(module)))
            {
                yield return $"models of type '{family.Name}' have no module '{module}'; they have {string.Join(", ", known)}";
            }
        }
    }

    private static bool IsShare(double value) => value is >= 0 and <= 1;

    private static string Name(Modifier modifier) => modifier switch
    {
        KltRotationModifier or HadamardRotationModifier => $"a rotation at {Recipe.SiteOf(modifier)}",
        SmoothingModifier smoothing => $"Smoothing at {smoothing.Site}",
        GptqModifier => "Gptq",
        _ => "Quantization",
    };
}
