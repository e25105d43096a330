namespace MambaQuant.Pipeline.Inputs;

/// <summary>A file of the model, or the text, is not the one that the job was planned for, or is not there; nothing was made of it.</summary>
/// <remarks>Where nothing was found another node of a cluster may have it, so the item is tried elsewhere. Where other bytes were found, the job is over.</remarks>
public sealed class ChangedInputException : IOException
{
    /// <summary>Makes the exception.</summary>
    /// <param name="message">Which file, what was expected and found, and the next step.</param>
    public ChangedInputException(string message)
        : base(message)
    {
    }

    /// <summary>Makes the exception.</summary>
    /// <param name="message">Which file, what was expected and found, and the next step.</param>
    /// <param name="innerException">What was found.</param>
    public ChangedInputException(string message, Exception innerException)
        : base(message, innerException)
    {
    }

    /// <summary>Whether the file is there, and is another one than the job was planned for: trying again does not make that good.</summary>
    /// <value>False by default: it is not there, or not as it was uploaded.</value>
    public bool IsAnother { get; init; }
}
