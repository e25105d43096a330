namespace MambaQuant.Pipeline.Artifacts;

/// <summary>An artifact's bytes are not those that were put: truncated or altered. It is deleted and made again.</summary>
/// <param name="name">Its name.</param>
/// <param name="message">What was expected and found, where, and the next step.</param>
/// <param name="fault">What was found, alone; the message where it is not given.</param>
public sealed class CorruptArtifactException(string name, string message, string? fault = null) : ArtifactStoreException(message)
{
    /// <summary>What was found, for whoever knows a better next step than the message.</summary>
    public string Fault { get; } = fault ?? message;

    /// <summary>Name of the corrupt artifact.</summary>
    public string Name { get; } = name;
}
