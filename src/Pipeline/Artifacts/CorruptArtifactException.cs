namespace MambaQuant.Pipeline.Artifacts;

/// <summary>An artifact's bytes are not those that were put: truncated or altered. It is deleted and made again.</summary>
/// <param name="name">Its name.</param>
/// <param name="message">What was expected and found, and where.</param>
public sealed class CorruptArtifactException(string name, string message) : ArtifactStoreException(message)
{
    /// <summary>Name of the corrupt artifact.</summary>
    public string Name { get; } = name;
}
