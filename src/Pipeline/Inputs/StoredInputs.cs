using MambaQuant.Pipeline.Artifacts;

namespace MambaQuant.Pipeline.Inputs;

/// <summary>Names of the files that a client has uploaded: each lies under its own hash, so that jobs share them.</summary>
public static class StoredInputs
{
    /// <summary>The beginning of the names of all of them.</summary>
    public const string Prefix = "inputs/";

    /// <summary>The store's name of a file.</summary>
    /// <param name="sha256">SHA-256 of its bytes, as 64 lower-case hexadecimal digits.</param>
    /// <exception cref="ArgumentException">It is no such hash.</exception>
    public static string NameOf(string sha256)
    {
        ArgumentNullException.ThrowIfNull(sha256);
        return sha256.Length == ArtifactKey.Length && sha256.All(char.IsAsciiHexDigitLower)
            ? Prefix + sha256
            : throw new ArgumentException($"expected a SHA-256 of {ArtifactKey.Length} lower-case hexadecimal digits, found '{sha256}'", nameof(sha256));
    }

    /// <summary>What a worker is told where an uploaded file cannot be used.</summary>
    /// <param name="store">The store.</param>
    /// <param name="file">The file's own name.</param>
    /// <param name="sha256">Its hash.</param>
    /// <param name="found">What was found.</param>
    /// <param name="cause">What the store said.</param>
    internal static ChangedInputException Unusable(IArtifactStore store, string file, string sha256, string found, Exception cause) => new(
        $"'{file}' is not in store '{store.Description}' as it was uploaded: expected '{NameOf(sha256)}', found {found}. Submit the job again: that uploads what is missing, and the job goes on",
        cause);
}
