namespace MambaQuant.Quant.Checkpoints;

/// <summary>The output folder cannot be used: it holds something, or another run writes there.</summary>
public sealed class OutputDirectoryException : Exception
{
    /// <summary>Makes an exception without a message; prefer the one with a message.</summary>
    public OutputDirectoryException()
    {
    }

    /// <summary>Makes an exception.</summary>
    /// <param name="message">The folder, what is in the way, and what to do.</param>
    public OutputDirectoryException(string message)
        : base(message)
    {
    }

    /// <summary>Makes an exception.</summary>
    /// <param name="message">The folder, what is in the way, and what to do.</param>
    /// <param name="innerException">The cause.</param>
    public OutputDirectoryException(string message, Exception innerException)
        : base(message, innerException)
    {
    }
}
