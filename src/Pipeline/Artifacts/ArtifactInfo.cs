namespace MambaQuant.Pipeline.Artifacts;

/// <summary>What a store knows of an artifact without reading it.</summary>
/// <param name="Name">Its name in the store: segments of letters, digits, '.', '_' and '-', joined by '/'.</param>
/// <param name="Length">Bytes of its content.</param>
/// <param name="Checksum">SHA-256 of its content, 64 lower-case hexadecimal digits.</param>
public sealed record ArtifactInfo(string Name, long Length, string Checksum);
