using System.Collections.Immutable;

namespace MambaQuant.Pipeline.Inputs;

/// <summary>Where the workers of a job find a model or a text.</summary>
public sealed record InputPlace
{
    /// <summary>The kind of place.</summary>
    public required InputKind Kind { get; init; }

    /// <summary>The folder of a mounted model, or the file of a mounted text; else null.</summary>
    public string? Path { get; init; }

    /// <summary>SHA-256 of every uploaded file, by its name; else empty.</summary>
    public ImmutableSortedDictionary<string, string> Files
    {
        get;
        init => field = value?.WithComparers(StringComparer.Ordinal) ?? field;
    } = ImmutableSortedDictionary.Create<string, string>(StringComparer.Ordinal);

    /// <summary>The place of a text that the model samples.</summary>
    public static InputPlace Self { get; } = new() { Kind = InputKind.Self };

    /// <summary>A path that every machine has.</summary>
    /// <param name="path">An absolute path.</param>
    /// <exception cref="ArgumentException">It is relative, or an address; addresses may carry a key, and no job keeps one.</exception>
    public static InputPlace Mounted(string path)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(path);
        return System.IO.Path.IsPathFullyQualified(path) && !path.Contains("://", StringComparison.Ordinal)
            ? new InputPlace { Kind = InputKind.Mounted, Path = path }
            : throw new ArgumentException("expected an absolute path that every machine of the cluster has, found a relative one or an address. Name the folder or file as it is mounted", nameof(path));
    }

    /// <summary>Files in the store.</summary>
    /// <param name="files">SHA-256 by name.</param>
    public static InputPlace Stored(IEnumerable<KeyValuePair<string, string>> files) =>
        new() { Kind = InputKind.Stored, Files = files.ToImmutableSortedDictionary(StringComparer.Ordinal) };

    /// <summary>Whether two places are the same.</summary>
    /// <param name="other">The other place.</param>
    public bool Equals(InputPlace? other) => other is not null && Kind == other.Kind && Path == other.Path && Files.SequenceEqual(other.Files);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Kind, Path, Files.Count);
}
