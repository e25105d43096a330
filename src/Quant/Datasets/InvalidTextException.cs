namespace MambaQuant.Quant.Datasets;

/// <summary>A text file is empty, no UTF-8, or a broken list of JSON lines; the message says where.</summary>
public sealed class InvalidTextException : Exception
{
    /// <summary>Makes an exception without a message; prefer the one with a message.</summary>
    public InvalidTextException()
    {
    }

    /// <summary>Makes an exception.</summary>
    /// <param name="message">File, place, expected, found, next step.</param>
    public InvalidTextException(string message)
        : base(message)
    {
    }

    /// <summary>Makes an exception with the failure that revealed the damage.</summary>
    /// <param name="message">File, place, expected, found, next step.</param>
    /// <param name="innerException">The failure underneath.</param>
    public InvalidTextException(string message, Exception innerException)
        : base(message, innerException)
    {
    }
}
