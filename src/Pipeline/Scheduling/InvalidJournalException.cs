namespace MambaQuant.Pipeline.Scheduling;

/// <summary>A journal cannot be read: a chunk is missing, or a line is no record.</summary>
public sealed class InvalidJournalException : IOException
{
    /// <summary>Makes the exception.</summary>
    /// <param name="message">Which chunk and line, expected against found, and the next step.</param>
    public InvalidJournalException(string message)
        : base(message)
    {
    }

    /// <summary>Makes the exception with its cause.</summary>
    /// <param name="message">Which chunk and line, expected against found, and the next step.</param>
    /// <param name="innerException">The cause.</param>
    public InvalidJournalException(string message, Exception innerException)
        : base(message, innerException)
    {
    }
}
