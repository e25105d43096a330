using System.Collections.Immutable;

namespace MambaQuant.Quant.Recipes;

/// <summary>A recipe cannot be read, or makes no sense; every problem is listed.</summary>
public sealed class InvalidRecipeException : Exception
{
    /// <summary>Makes the exception.</summary>
    /// <param name="sourceName">The file or the recipe's name.</param>
    /// <param name="problems">What is wrong; at least one.</param>
    public InvalidRecipeException(string sourceName, ImmutableArray<RecipeProblem> problems)
        : base(Describe(sourceName, problems))
    {
        SourceName = sourceName;
        Problems = problems;
    }

    /// <summary>Makes the exception.</summary>
    /// <param name="message">What is wrong where.</param>
    public InvalidRecipeException(string message)
        : base(message)
    {
    }

    /// <summary>Makes the exception.</summary>
    /// <param name="message">What is wrong where.</param>
    /// <param name="innerException">The cause.</param>
    public InvalidRecipeException(string message, Exception innerException)
        : base(message, innerException)
    {
    }

    /// <summary>Makes the exception without a message.</summary>
    public InvalidRecipeException()
    {
    }

    /// <summary>The file or the recipe's name.</summary>
    public string SourceName { get; } = string.Empty;

    /// <summary>What is wrong.</summary>
    public ImmutableArray<RecipeProblem> Problems { get; } = [];

    private static string Describe(string sourceName, ImmutableArray<RecipeProblem> problems) => string.Join(
        '\n', problems.Select(problem => $"{sourceName}{(problem.Line is { } line ? $", line {line}" : string.Empty)}: {problem.Message}"));
}
