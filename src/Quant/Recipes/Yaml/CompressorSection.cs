using MambaQuant.Quant.Models;

namespace MambaQuant.Quant.Recipes.Yaml;

/// <summary>Reads the modifiers of llm-compressor's recipe form, as far as they have a meaning here.</summary>
/// <remarks>
/// SmoothQuantModifier is <see cref="SmoothingModifier"/> at SmoothQuant's own site; GPTQModifier is a quantization with GPTQ for
/// weights of any bits; QuantizationModifier rounds to nearest. As there, "targets" is [Linear] where nothing else is said.
/// </remarks>
internal static class CompressorSection
{
    private const string SmoothQuant = "SmoothQuantModifier";
    private const string Gptq = "GPTQModifier";
    private const string Quantization = "QuantizationModifier";
    private const int AllBits = 8;

    private static readonly string[] Names = [SmoothQuant, Gptq, Quantization];

    /// <summary>Reads a modifier, which may be worth two of ours.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="settings">Its settings.</param>
    /// <param name="problems">Where problems are noted.</param>
    public static IEnumerable<Modifier> Read(RecipeScalar name, RecipeNode settings, RecipeProblems problems)
    {
        if (!Names.Contains(name.Text))
        {
            problems.AddUnknown(name.Line, "modifier", name.Text, Names);
            return [];
        }

        if (settings is not RecipeMapping mapping)
        {
            problems.Add(settings.Line, $"'{name.Text}': expected its settings, such as {{ scheme: W8A8 }}");
            return [];
        }

        var keys = new RecipeKeys(mapping, problems);
        List<Modifier> modifiers = [];
        if (name.Text == SmoothQuant)
        {
            double alpha = keys.Number("smoothing_strength", 0.5, 0, 1);
            modifiers.Add(new SmoothingModifier(SmoothingSite.NormToInProj, SmoothingStrength.Fixed(alpha)));
        }
        else
        {
            HashSet<string> linear = ModuleSelection.Resolve([new RecipeScalar(name.Line, "Linear", IsPlain: true)], problems);
            if (QuantizationSection.Read(keys, linear, problems) is { } quantization)
            {
                modifiers.Add(quantization);
            }

            if (name.Text == Gptq)
            {
                var usual = new GptqModifier();
                modifiers.Add(new GptqModifier(
                    keys.Integer("block_size", usual.BlockSize, 1, 1 << 20),
                    keys.Number("dampening_frac", usual.Damping, double.Epsilon, 1),
                    MaximumBits: AllBits));
            }
        }

        keys.Close();
        return modifiers;
    }
}
