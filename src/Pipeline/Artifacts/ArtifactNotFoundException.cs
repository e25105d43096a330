namespace MambaQuant.Pipeline.Artifacts;

/// <summary>An artifact that an item needs is not in the store.</summary>
/// <param name="name">Its name.</param>
/// <param name="message">What, which store, and the next step.</param>
public sealed class ArtifactNotFoundException(string name, string message) : ArtifactStoreException(message)
{
    /// <summary>Name of the missing artifact.</summary>
    public string Name { get; } = name;
}
