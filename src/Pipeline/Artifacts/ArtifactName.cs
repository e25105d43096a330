using System.Buffers;

namespace MambaQuant.Pipeline.Artifacts;

/// <summary>What names artifacts may have: the same in every kind of store, so that a job can move from one to another.</summary>
/// <remarks>
/// A name is segments joined by '/'. A segment holds ASCII letters, digits, '.', '_' and '-', neither begins nor ends with '.', and does not end
/// with <see cref="FileSuffix"/>; so no name can leave its store, meet a store's own files, or be both a file and a folder on disk.
/// </remarks>
public static class ArtifactName
{
    /// <summary>Most characters of a name.</summary>
    public const int MaxLength = 600;

    /// <summary>Most characters of a segment.</summary>
    public const int MaxSegmentLength = 150;

    /// <summary>How the file of an artifact ends in a folder store; no segment may.</summary>
    public const string FileSuffix = ".sealed";

    private static readonly SearchValues<char> Allowed =
        SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-");

    /// <summary>Refuses what is no name.</summary>
    /// <param name="name">The name.</param>
    /// <exception cref="ArgumentException">It is not a name; the message says why.</exception>
    public static void Check(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        if (Fault(name) is { } fault)
        {
            throw new ArgumentException($"'{name}' is no name of an artifact: {fault}", nameof(name));
        }
    }

    /// <summary>Whether a text is a name.</summary>
    /// <param name="name">The text.</param>
    public static bool IsValid(string name) => Fault(name) is null;

    /// <summary>Refuses a prefix that is not the beginning of any name.</summary>
    /// <param name="prefix">Beginning of names; empty for all.</param>
    /// <exception cref="ArgumentException">No name begins so.</exception>
    public static void CheckPrefix(string prefix)
    {
        ArgumentNullException.ThrowIfNull(prefix);

        // Whatever may still come after it: a letter makes an open end a fair one.
        if (prefix.Length > 0 && Fault(prefix + 'a') is { } fault)
        {
            throw new ArgumentException($"no name of an artifact begins with '{prefix}': {fault}", nameof(prefix));
        }
    }

    private static string? Fault(string name)
    {
        if (name.Length is 0 or > MaxLength)
        {
            return $"expected 1 to {MaxLength} characters, found {name.Length}";
        }

        foreach (Range range in name.AsSpan().Split('/'))
        {
            ReadOnlySpan<char> segment = name.AsSpan()[range];
            if (segment.Length is 0 or > MaxSegmentLength)
            {
                return $"expected segments of 1 to {MaxSegmentLength} characters between '/', found {segment.Length}";
            }

            if (segment.ContainsAnyExcept(Allowed))
            {
                return $"expected letters, digits, '.', '_' and '-' in '{segment}'";
            }

            if (segment[0] == '.' || segment[^1] == '.' || segment.EndsWith(FileSuffix, StringComparison.OrdinalIgnoreCase))
            {
                return $"a segment neither begins nor ends with '.', nor ends with '{FileSuffix}', found '{segment}'";
            }
        }

        return null;
    }
}
