using System.Globalization;
using System.Text;
using MambaQuant.Quant.Quantization;
using MambaQuant.Quant.Recipes.Yaml;

namespace MambaQuant.Quant.Recipes;

/// <summary>Writes recipes as YAML, resolved: every setting stands there, so that the text means the same to any later version.</summary>
/// <remarks>Deterministic: the same recipe gives the same bytes. <see cref="RecipeReader"/> reads them back to an equal recipe.</remarks>
public static class RecipeWriter
{
    /// <summary>Writes a recipe.</summary>
    /// <param name="recipe">A valid recipe.</param>
    /// <returns>YAML with line feeds and a final one.</returns>
    /// <exception cref="InvalidRecipeException">The recipe is not valid.</exception>
    public static string Write(Recipe recipe)
    {
        ArgumentNullException.ThrowIfNull(recipe);
        RecipeValidator.ThrowIfInvalid(recipe);
        var text = new StringBuilder();
        text.Append("name: ").Append(Quoted(recipe.Name)).Append('\n').Append("modifiers:\n");
        foreach (Modifier modifier in recipe.Modifiers)
        {
            text.Append("  - ").Append(Describe(modifier)).Append('\n');
        }

        return text.ToString();
    }

    private static string Describe(Modifier modifier) => modifier switch
    {
        KltRotationModifier klt => $"{ModifierSection.KltRotation}: {{ site: {klt.Site}, centered: {Word(klt.Centered)} }}",
        HadamardRotationModifier hadamard => $"{ModifierSection.HadamardRotation}: {{ site: {hadamard.Site} }}",
        SmoothingModifier smoothing => $"{ModifierSection.Smoothing}: {{ site: {smoothing.Site}, {Describe(smoothing.Strength)} }}",
        QuantizationModifier quantization => Describe(quantization),
        GptqModifier gptq =>
            $"{ModifierSection.Gptq}: {{ block_size: {gptq.BlockSize}, damping: {Number(gptq.Damping)}, "
            + $"activation_order: {Word(gptq.ActivationOrder)}, sequential: {Word(gptq.Sequential)}, maximum_bits: {gptq.MaximumBits} }}",
        _ => throw new ArgumentException($"modifier {modifier.GetType().Name} has no written form", nameof(modifier)),
    };

    private static string Describe(SmoothingStrength strength) => strength.Alpha is { } alpha
        ? $"alpha: {Number(alpha)}"
        : $"alpha: {RecipeWords.Search}, grid: [{string.Join(", ", strength.Grid.Select(Number))}]";

    private static string Describe(QuantizationModifier quantization)
    {
        const string Indent = "\n      ";
        QuantizationScheme scheme = quantization.Scheme;
        var text = new StringBuilder();
        text.Append(ModifierSection.Quantization).Append(':')
            .Append(Indent).Append("scheme: ").Append(scheme.Name)
            .Append(Indent).Append("strict: ").Append(Word(quantization.Strict))
            .Append(Indent).Append("overrides:");
        foreach (string module in RecipeWords.Modules.Union(scheme.Modules.Keys))
        {
            text.Append(Indent).Append("  ").Append(module).Append(':');
            if (scheme.Find(module) is { } args)
            {
                string input = module == RecipeWords.Modules[0] ? string.Empty : $"{Indent}    input: {Describe(args.Input)}";
                text.Append(Indent).Append("    weights: ").Append(Describe(args.Weights)).Append(input);
            }
            else
            {
                text.Append(' ').Append(RecipeWords.None);
            }
        }

        text.Append(Indent).Append("  ").Append(RecipeWords.ScanState).Append(": ").Append(Describe(scheme.ScanState));
        text.Append(Indent).Append("  ").Append(RecipeWords.ScanOutput).Append(": ").Append(Describe(scheme.ScanOutput));
        return text.ToString();
    }

    private static string Describe(QuantizationArgs? args)
    {
        if (args is null)
        {
            return RecipeWords.None;
        }

        string groupSize = args.Strategy == QuantizationStrategy.Group ? $", group_size: {args.GroupSize}" : string.Empty;
        return $"{{ bits: {args.Bits}, symmetric: {Word(args.Symmetric)}, strategy: {args.Strategy.Name()}{groupSize}, "
            + $"dynamic: {Word(args.Dynamic)}, range: {RecipeWords.Ranges.For(args.Range)}, percentile: {Number(args.Percentile)} }}";
    }

    private static string Word(bool value) => value ? "true" : "false";

    private static string Number(double value) => value.ToString("R", CultureInfo.InvariantCulture);

    private static string Quoted(string name)
    {
        bool isPlain = char.IsAsciiLetter(name[0]) && name.All(character => char.IsAsciiLetterOrDigit(character) || character is '-' or '_');
        return isPlain
            ? name
            : $"\"{name.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal)}\"";
    }
}
