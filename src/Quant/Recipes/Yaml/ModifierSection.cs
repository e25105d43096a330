using MambaQuant.Quant.Models;

namespace MambaQuant.Quant.Recipes.Yaml;

/// <summary>Reads one modifier of our own form: a name with a mapping of its settings.</summary>
internal static class ModifierSection
{
    /// <summary>Name of <see cref="KltRotationModifier"/>.</summary>
    public const string KltRotation = nameof(KltRotation);

    /// <summary>Name of <see cref="HadamardRotationModifier"/>.</summary>
    public const string HadamardRotation = nameof(HadamardRotation);

    /// <summary>Name of <see cref="SmoothingModifier"/>.</summary>
    public const string Smoothing = nameof(Smoothing);

    /// <summary>Name of <see cref="QuantizationModifier"/>.</summary>
    public const string Quantization = nameof(Quantization);

    /// <summary>Name of <see cref="GptqModifier"/>.</summary>
    public const string Gptq = nameof(Gptq);

    private static readonly string[] Names = [KltRotation, HadamardRotation, Smoothing, Quantization, Gptq];

    /// <summary>Reads a modifier.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="settings">Its settings.</param>
    /// <param name="problems">Where problems are noted.</param>
    /// <returns>The modifier; null where it could not be understood, which is noted.</returns>
    public static Modifier? Read(RecipeScalar name, RecipeNode settings, RecipeProblems problems)
    {
        if (!Names.Contains(name.Text))
        {
            problems.AddUnknown(name.Line, "modifier", name.Text, Names);
            return null;
        }

        RecipeMapping? mapping = settings switch
        {
            RecipeMapping given => given,
            RecipeScalar { IsNone: true } => new RecipeMapping(name.Line, []),
            _ => null,
        };
        if (mapping is null)
        {
            problems.Add(settings.Line, $"'{name.Text}': expected its settings in braces, such as {{ site: ResidualStream }}");
            return null;
        }

        var keys = new RecipeKeys(mapping, problems);
        Modifier? modifier = name.Text switch
        {
            KltRotation => ReadKlt(keys),
            HadamardRotation => keys.RequiredName<RotationSite>("site") is { } site ? new HadamardRotationModifier(site) : null,
            Smoothing => ReadSmoothing(keys),
            Quantization => QuantizationSection.Read(keys, defaultTargets: null, problems),
            _ => ReadGptq(keys),
        };
        keys.Close();
        return modifier;
    }

    private static KltRotationModifier? ReadKlt(RecipeKeys keys)
    {
        RotationSite? site = keys.RequiredName<RotationSite>("site");
        bool centered = keys.Boolean("centered", absent: true);
        return site is null ? null : new KltRotationModifier(site.Value, centered);
    }

    private static SmoothingModifier? ReadSmoothing(RecipeKeys keys)
    {
        SmoothingSite? site = keys.RequiredName<SmoothingSite>("site");
        RecipeNode? alpha = keys.Find("alpha");
        RecipeNode? grid = keys.Find("grid");
        SmoothingStrength strength = SmoothingStrength.Searched;
        if (alpha is not null and not RecipeScalar { Text: RecipeWords.Search })
        {
            strength = SmoothingStrength.Fixed(keys.Number("alpha", alpha, 0, 0, 1));
            if (grid is not null)
            {
                keys.AddWrong(grid.Line, "grid", "no grid beside a fixed alpha (a grid goes with alpha: search)", grid);
            }
        }
        else if (grid is RecipeSequence list)
        {
            strength = SmoothingStrength.Search([.. list.Items.Select(item => keys.Number("grid", item, 0, 0, 1))]);
        }
        else if (grid is not null)
        {
            keys.AddWrong(grid.Line, "grid", "a list of numbers of 0 to 1", grid);
        }

        return site is null ? null : new SmoothingModifier(site.Value, strength);
    }

    private static GptqModifier ReadGptq(RecipeKeys keys)
    {
        var usual = new GptqModifier();
        return new GptqModifier(
            keys.Integer("block_size", usual.BlockSize, 1, 1 << 20),
            keys.Number("damping", usual.Damping, double.Epsilon, 1),
            keys.Boolean("activation_order", usual.ActivationOrder),
            keys.Boolean("sequential", usual.Sequential),
            keys.Integer("maximum_bits", usual.MaximumBits, 2, 8));
    }
}
