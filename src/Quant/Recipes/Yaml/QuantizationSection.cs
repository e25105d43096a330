using System.Collections.Immutable;
using MambaQuant.Quant.Models;
using MambaQuant.Quant.Quantization;

namespace MambaQuant.Quant.Recipes.Yaml;

/// <summary>Reads what belongs to <see cref="QuantizationModifier"/>: a scheme by name, then targets, ignore and overrides on top of it.</summary>
internal static class QuantizationSection
{
    /// <summary>Reads the section.</summary>
    /// <param name="keys">Its mapping; keys of the caller may still follow.</param>
    /// <param name="defaultTargets">What is quantized where the section has no targets; null for everything in the scheme.</param>
    /// <param name="problems">Where problems are noted.</param>
    /// <returns>The modifier; null where the scheme is missing or not known.</returns>
    public static QuantizationModifier? Read(RecipeKeys keys, HashSet<string>? defaultTargets, RecipeProblems problems)
    {
        string? name = keys.Text("scheme");
        bool strict = keys.Boolean("strict", absent: false);
        RangeChoices? ranges = ReadRanges(keys.Mapping("ranges"), problems);
        HashSet<string>? targets = keys.Words("targets") is { } words ? ModuleSelection.Resolve(words, problems) : defaultTargets;
        HashSet<string> ignored = ModuleSelection.Resolve(keys.Words("ignore") ?? [], problems);
        RecipeMapping? overrides = keys.Mapping("overrides");
        if (name is null)
        {
            problems.Add(keys.Line, $"'scheme' is missing; expected one of {string.Join(", ", QuantizationSchemes.Names)}");
            return null;
        }

        if (!QuantizationSchemes.TryParse(name, strict, ranges, out QuantizationScheme? scheme, out string? problem))
        {
            problems.Add(keys.Line, problem);
            return null;
        }

        bool Stays(string part) => (targets is null || targets.Contains(part)) && !ignored.Contains(part);
        scheme = scheme with
        {
            Modules = scheme.Modules.RemoveRange(scheme.Modules.Keys.Where(module => !Stays(module))),
            ScanState = Stays(RecipeWords.ScanState) ? scheme.ScanState : null,
            ScanOutput = Stays(RecipeWords.ScanOutput) ? scheme.ScanOutput : null,
        };
        return new QuantizationModifier(overrides is null ? scheme : Override(scheme, overrides, problems), strict);
    }

    private static RangeChoices? ReadRanges(RecipeMapping? mapping, RecipeProblems problems)
    {
        if (mapping is null)
        {
            return null;
        }

        var keys = new RecipeKeys(mapping, problems);
        RangeChoices preset = RangeChoices.Preset;
        var ranges = new RangeChoices
        {
            Weights = keys.Word("weights", RecipeWords.Ranges, preset.Weights),
            Inputs = keys.Word("inputs", RecipeWords.Ranges, preset.Inputs),
            ScanState = keys.Word(RecipeWords.ScanState, RecipeWords.Ranges, preset.ScanState),
            ScanOutput = keys.Word(RecipeWords.ScanOutput, RecipeWords.Ranges, preset.ScanOutput),
            Percentile = keys.Number("percentile", preset.Percentile, 0.5, 1),
        };
        keys.Close();
        return ranges;
    }

    private static QuantizationScheme Override(QuantizationScheme scheme, RecipeMapping mapping, RecipeProblems problems)
    {
        var keys = new RecipeKeys(mapping, problems);
        ImmutableSortedDictionary<string, ModuleScheme> modules = scheme.Modules;
        foreach (string module in RecipeWords.Modules)
        {
            RecipeNode? node = keys.Find(module);
            ModuleScheme present = scheme.Find(module) ?? new ModuleScheme(null, null);
            ModuleScheme? wanted = node switch
            {
                null => present,
                RecipeScalar { IsNone: true } => null,
                RecipeMapping parts => OverrideModule(module, present, parts, problems),
                _ => Wrong(keys, module, node, present),
            };
            modules = wanted is null || wanted == new ModuleScheme(null, null) ? modules.Remove(module) : modules.SetItem(module, wanted);
        }

        scheme = scheme with
        {
            Modules = modules,
            ScanState = Args(keys, RecipeWords.ScanState, scheme.ScanState, QuantizationStrategy.Channel, problems),
            ScanOutput = Args(keys, RecipeWords.ScanOutput, scheme.ScanOutput, QuantizationStrategy.Tensor, problems),
        };
        keys.Close();
        return scheme;
    }

    private static ModuleScheme OverrideModule(string module, ModuleScheme present, RecipeMapping mapping, RecipeProblems problems)
    {
        var keys = new RecipeKeys(mapping, problems);
        QuantizationArgs? weights = Args(keys, "weights", present.Weights, QuantizationStrategy.Channel, problems);
        QuantizationArgs? input = module == MambaFamily.EmbeddingsModule
            ? null
            : Args(keys, "input", present.Input, QuantizationStrategy.Tensor, problems);
        keys.Close();
        return new ModuleScheme(weights, input);
    }

    private static QuantizationArgs? Args(
        RecipeKeys keys, string key, QuantizationArgs? present, QuantizationStrategy usual, RecipeProblems problems)
    {
        switch (keys.Find(key))
        {
            case null:
                return present;
            case RecipeScalar { IsNone: true }:
                return null;
            case RecipeMapping mapping:
                return Args(mapping, present, usual, problems);
            case { } other:
                keys.AddWrong(other.Line, key, "a mapping such as { bits: 8 }, or none", other);
                return present;
        }
    }

    private static QuantizationArgs Args(RecipeMapping mapping, QuantizationArgs? present, QuantizationStrategy usual, RecipeProblems problems)
    {
        var keys = new RecipeKeys(mapping, problems);
        QuantizationArgs start = present ?? new QuantizationArgs { Bits = 0, Strategy = usual };
        int bits = keys.Integer("bits", start.Bits, 2, 8);
        if (present is null && mapping.Entries.All(entry => entry.Key.Text != "bits"))
        {
            problems.Add(mapping.Line, "'bits' is missing, and the scheme has none here");
        }

        bool? dynamic = keys.Find("dynamic") is null ? null : keys.Boolean("dynamic", start.Dynamic);
        QuantizationStrategy? named = keys.Word<QuantizationStrategy?>(
            "strategy", QuantizationStrategies.Names.ToDictionary(word => word.Name, word => (QuantizationStrategy?)word.Strategy), null);

        // A dynamic range goes with tokens and a token with dynamic ranges, so either word says both.
        bool isDynamic = dynamic ?? (named is null ? start.Dynamic : named == QuantizationStrategy.Token);
        QuantizationStrategy strategy = named ?? (isDynamic ? QuantizationStrategy.Token : start.Dynamic ? usual : start.Strategy);
        bool grouped = strategy == QuantizationStrategy.Group;
        int usualSize = !grouped ? 0 : start.GroupSize > 0 ? start.GroupSize : QuantizationSchemes.DefaultGroupSize;
        var args = new QuantizationArgs
        {
            Bits = bits,
            Symmetric = keys.Boolean("symmetric", start.Symmetric),
            Strategy = strategy,
            GroupSize = keys.Integer("group_size", usualSize, 2, 1 << 20),
            Dynamic = isDynamic,
            Range = keys.Word("range", RecipeWords.Ranges, start.Range),
            Percentile = keys.Number("percentile", start.Percentile, 0.5, 1),
        };
        keys.Close();
        return args;
    }

    private static ModuleScheme Wrong(RecipeKeys keys, string module, RecipeNode node, ModuleScheme present)
    {
        keys.AddWrong(node.Line, module, "a mapping with weights and input, or none", node);
        return present;
    }
}
