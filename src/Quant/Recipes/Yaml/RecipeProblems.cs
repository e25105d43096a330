using MambaQuant.Quant.Safetensors;

namespace MambaQuant.Quant.Recipes.Yaml;

/// <summary>Gathers what is wrong with one file, so that a reader can go on and report everything at once.</summary>
internal sealed class RecipeProblems
{
    private readonly List<RecipeProblem> _problems = [];

    /// <summary>Makes an empty list.</summary>
    /// <param name="sourceName">The file.</param>
    public RecipeProblems(string sourceName)
    {
        SourceName = sourceName;
    }

    /// <summary>The file.</summary>
    public string SourceName { get; }

    /// <summary>Notes a problem.</summary>
    /// <param name="line">Where, from 1.</param>
    /// <param name="message">What, expected against found.</param>
    public void Add(int line, string message) => _problems.Add(new RecipeProblem(message, Modifier: null, line));

    /// <summary>Notes a name that is not known, with the nearest one that is.</summary>
    /// <param name="line">Where, from 1.</param>
    /// <param name="kind">What kind of name, such as "key".</param>
    /// <param name="name">The name found.</param>
    /// <param name="known">The names that are known.</param>
    public void AddUnknown(int line, string kind, string name, IReadOnlyCollection<string> known)
    {
        string? nearest = NearNames.Find(name, known, count: 1) is [string first] ? first : null;
        string guess = nearest is null ? string.Empty : $"; did you mean '{nearest}'?";
        Add(line, $"unknown {kind} '{name}'{guess} (known: {string.Join(", ", known)})");
    }

    /// <summary>Throws when anything was noted.</summary>
    /// <exception cref="InvalidRecipeException">There are problems; they are listed by line.</exception>
    public void ThrowIfAny()
    {
        if (_problems.Count > 0)
        {
            throw new InvalidRecipeException(SourceName, [.. _problems.OrderBy(problem => problem.Line)]);
        }
    }
}
