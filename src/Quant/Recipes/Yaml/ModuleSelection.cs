using System.Text.RegularExpressions;
using MambaQuant.Quant.Models;

namespace MambaQuant.Quant.Recipes.Yaml;

/// <summary>Understands the lists "targets" and "ignore": module names, class names, and "re:" patterns over full names.</summary>
/// <remarks>
/// As in compressed-tensors, a pattern is matched from the start of a name such as backbone.layers.3.mixer.in_proj, backbone.embeddings
/// or lm_head. A scheme holds for all layers, so a pattern that picks some layers only is refused.
/// </remarks>
internal static class ModuleSelection
{
    private const string PatternPrefix = "re:";
    private const int LayersTried = 256;

    private static readonly Dictionary<string, string[]> Classes = new(StringComparer.Ordinal)
    {
        ["Linear"] =
        [
            MambaFamily.InProjModule, MambaFamily.XProjModule, MambaFamily.DtProjModule, MambaFamily.OutProjModule, MambaFamily.HeadModule,
        ],
        ["Conv1d"] = [MambaFamily.ConvModule],
        ["Embedding"] = [MambaFamily.EmbeddingsModule],
    };

    /// <summary>The names that a list can hold besides patterns.</summary>
    public static IReadOnlyCollection<string> KnownNames { get; } =
        [.. RecipeWords.Modules, RecipeWords.ScanState, RecipeWords.ScanOutput, .. Classes.Keys];

    /// <summary>The modules that a list names.</summary>
    /// <param name="words">Its entries.</param>
    /// <param name="problems">Where entries that name nothing are noted.</param>
    public static HashSet<string> Resolve(IEnumerable<RecipeScalar> words, RecipeProblems problems)
    {
        HashSet<string> selected = new(StringComparer.Ordinal);
        foreach (RecipeScalar word in words)
        {
            if (word.Text.StartsWith(PatternPrefix, StringComparison.Ordinal))
            {
                selected.UnionWith(Matching(word, problems));
            }
            else if (Classes.TryGetValue(word.Text, out string[]? modules))
            {
                selected.UnionWith(modules);
            }
            else if (KnownNames.Contains(word.Text))
            {
                selected.Add(word.Text);
            }
            else
            {
                problems.AddUnknown(word.Line, "module", word.Text, KnownNames);
            }
        }

        return selected;
    }

    private static List<string> Matching(RecipeScalar word, RecipeProblems problems)
    {
        string text = word.Text[PatternPrefix.Length..];
        Regex pattern;
        try
        {
            pattern = new Regex($@"\A(?:{text})", RegexOptions.NonBacktracking | RegexOptions.CultureInvariant);
        }
        catch (Exception exception) when (exception is RegexParseException or NotSupportedException or ArgumentException)
        {
            problems.Add(word.Line, $"pattern '{text}' cannot be used: {exception.Message}");
            return [];
        }

        List<string> matching = [];
        foreach (string module in RecipeWords.Modules)
        {
            string[] names = FullNames(module);
            int matches = names.Count(pattern.IsMatch);
            if (matches == names.Length)
            {
                matching.Add(module);
            }
            else if (matches > 0)
            {
                problems.Add(word.Line, $"pattern '{text}' picks {module} in some layers only; a scheme holds for all layers alike");
                return matching;
            }
        }

        if (matching.Count == 0)
        {
            problems.Add(word.Line, $"pattern '{text}' matches no module; full names are {string.Join(", ", RecipeWords.Modules.Select(module => FullNames(module)[0]))}");
        }

        return matching;
    }

    private static string[] FullNames(string module) => module switch
    {
        MambaFamily.EmbeddingsModule => [$"backbone.{module}"],
        MambaFamily.HeadModule => [module],
        _ => [.. Enumerable.Range(0, LayersTried).Select(layer => MambaTensors.InLayer(layer, $"mixer.{module}"))],
    };
}
