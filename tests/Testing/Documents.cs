using System.Collections.Immutable;

namespace MambaQuant.Testing;

/// <summary>The pages that a user reads: README.md, docs, its decisions, the sample's and the reports.</summary>
public static class Documents
{
    /// <summary>Their paths in the repository, with forward slashes, in ordinal order.</summary>
    public static ImmutableArray<string> Pages { get; } =
    [
        .. new[] { "docs", "samples", "bench/results" }
            .SelectMany(folder => Directory.EnumerateFiles(Repository.Path(folder), "*.md", SearchOption.AllDirectories))
            .Append(Repository.Path("README.md"))
            .Select(path => Path.GetRelativePath(Repository.Path(), path).Replace('\\', '/'))
            .Order(StringComparer.Ordinal),
    ];
}
