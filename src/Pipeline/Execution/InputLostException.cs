namespace MambaQuant.Pipeline.Execution;

/// <summary>What an item reads is missing or corrupt; it was removed, so that the item that makes it runs again.</summary>
/// <param name="producer">Index of the item that makes the artifact.</param>
/// <param name="artifact">Name of the artifact.</param>
/// <param name="message">What was expected and found.</param>
/// <param name="cause">How the store said it.</param>
public sealed class InputLostException(int producer, string artifact, string message, Exception cause) : Exception(message, cause)
{
    /// <summary>Index of the item that makes the artifact.</summary>
    public int Producer { get; } = producer;

    /// <summary>Name of the artifact.</summary>
    public string Artifact { get; } = artifact;
}
