using MambaQuant.Quant.Recipes.Yaml;

namespace MambaQuant.Quant.Recipes;

/// <summary>Reads recipes from YAML, strictly: what is not understood is an error, never ignored.</summary>
/// <remarks>
/// <code>
/// name: my-recipe
/// modifiers:
///   - KltRotation: { site: ResidualStream, centered: true }
///   - Smoothing: { site: GateToOutProj, alpha: search }        # or alpha: 0.5
///   - HadamardRotation: { site: OutProjInput }
///   - Quantization: { scheme: W4A8, overrides: { x_proj: { weights: { bits: 4 } } } }
///   - Gptq: { block_size: 128, damping: 0.01 }
/// </code>
/// The form of llm-compressor is understood as well: <c>quant_stage: { quant_modifiers: { SmoothQuantModifier: …, GPTQModifier: … } }</c>.
/// </remarks>
public static class RecipeReader
{
    private const string UnnamedRecipe = "custom";

    /// <summary>Reads and validates a recipe.</summary>
    /// <param name="text">The YAML.</param>
    /// <param name="sourceName">The file's name, for messages.</param>
    /// <returns>A valid recipe, its scheme resolved.</returns>
    /// <exception cref="InvalidRecipeException">
    /// The text is no YAML, has unknown or repeated keys, values of the wrong type or out of range, or makes no sense as a whole; every
    /// problem is listed with its line, what was expected, and the nearest known name.
    /// </exception>
    public static Recipe Read(string text, string sourceName)
    {
        ArgumentNullException.ThrowIfNull(text);
        ArgumentNullException.ThrowIfNull(sourceName);
        var problems = new RecipeProblems(sourceName);
        var keys = new RecipeKeys(RecipeDocument.Parse(text, problems), problems);
        string name = keys.Text("name") ?? UnnamedRecipe;
        List<(Modifier Modifier, int Line)> modifiers = [];
        ReadModifiers(keys, modifiers, problems);
        ReadCompressorStage(keys, modifiers, problems);
        keys.Close();
        problems.ThrowIfAny();

        var recipe = new Recipe(name, [.. modifiers.Select(modifier => modifier.Modifier)]);
        foreach (RecipeProblem problem in RecipeValidator.Problems(recipe))
        {
            problems.Add(problem.Modifier is { } index ? modifiers[index].Line : 1, problem.Message);
        }

        problems.ThrowIfAny();
        return recipe;
    }

    private static void ReadModifiers(RecipeKeys keys, List<(Modifier Modifier, int Line)> modifiers, RecipeProblems problems)
    {
        const string Key = "modifiers";
        RecipeNode? node = keys.Find(Key);
        if (node is not null and not RecipeSequence)
        {
            keys.AddWrong(node.Line, Key, "a list, each item as '- Name: { settings }'", node);
        }

        foreach (RecipeNode item in (node as RecipeSequence)?.Items ?? [])
        {
            if (item is RecipeMapping { Entries: [(RecipeScalar name, RecipeNode settings)] })
            {
                if (ModifierSection.Read(name, settings, problems) is { } modifier)
                {
                    modifiers.Add((modifier, name.Line));
                }
            }
            else
            {
                keys.AddWrong(item.Line, Key, "one modifier an item, as '- Name: { settings }'", item);
            }
        }
    }

    private static void ReadCompressorStage(RecipeKeys keys, List<(Modifier Modifier, int Line)> modifiers, RecipeProblems problems)
    {
        if (keys.Mapping("quant_stage") is not { } stage)
        {
            return;
        }

        var stageKeys = new RecipeKeys(stage, problems);
        foreach ((RecipeScalar name, RecipeNode settings) in stageKeys.Mapping("quant_modifiers")?.Entries ?? [])
        {
            modifiers.AddRange(CompressorSection.Read(name, settings, problems).Select(modifier => (modifier, name.Line)));
        }

        stageKeys.Close();
    }
}
