namespace MambaQuant.Pipeline.Inputs;

/// <summary>A file of the model, or the text, is not the one that the job was planned for, or is not there; nothing was made of it.</summary>
/// <remarks>On a cluster another node may have the right one, so the item is tried elsewhere.</remarks>
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
}
