namespace MambaQuant.Pipeline.Artifacts;

/// <summary>What a store knows of an artifact without reading it.</summary>
/// <param name="Name">Its name in the store: segments of letters, digits, '.', '_' and '-', joined by '/'.</param>
/// <param name="Length">Bytes of its content.</param>
/// <param name="Checksum">
/// Checksum of its content, 64 lower-case hexadecimal digits, the same in every store: SHA-256 of the length and of the checksums of all its blocks (see
/// <see cref="ArtifactSeal"/>), so equal contents have equal checksums and accidents show, but a forger could match it. Empty where a listing met an artifact
/// without a sound seal.
/// </param>
public sealed record ArtifactInfo(string Name, long Length, string Checksum)
{
    /// <summary>
    /// Whether the store's own record of it is broken, so that nothing is known of its content: it cannot be read, and has to be made again (a put
    /// replaces it). Only listings say so; whether the content is sound shows when it is read.
    /// </summary>
    public bool IsDamaged => Checksum.Length == 0;

    /// <summary>What a listing says of an artifact whose record is broken.</summary>
    /// <param name="name">Its name.</param>
    public static ArtifactInfo Damaged(string name) => new(name, 0, "");
}
