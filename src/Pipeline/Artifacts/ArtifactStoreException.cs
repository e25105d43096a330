namespace MambaQuant.Pipeline.Artifacts;

/// <summary>A store does not do its work: unreachable, read-only, full, or its answer makes no sense.</summary>
public class ArtifactStoreException : IOException
{
    /// <summary>Makes the exception.</summary>
    /// <param name="message">What, which store, which artifact, and the next step.</param>
    public ArtifactStoreException(string message)
        : base(message)
    {
    }

    /// <summary>Makes the exception with its cause.</summary>
    /// <param name="message">What, which store, which artifact, and the next step.</param>
    /// <param name="innerException">The cause.</param>
    public ArtifactStoreException(string message, Exception? innerException)
        : base(message, innerException)
    {
    }
}
