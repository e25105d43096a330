namespace MambaQuant.Quant.Safetensors;

/// <summary>A model is well-formed but of a kind that this program does not read; the message says what to do instead.</summary>
public sealed class UnsupportedModelException : Exception
{
    /// <summary>Makes an exception without a message; prefer the one with a message.</summary>
    public UnsupportedModelException()
    {
    }

    /// <summary>Makes an exception.</summary>
    /// <param name="message">What was found, what is supported, and the command or step that helps.</param>
    public UnsupportedModelException(string message)
        : base(message)
    {
    }

    /// <summary>Makes an exception with an underlying failure.</summary>
    /// <param name="message">What was found, what is supported, and the command or step that helps.</param>
    /// <param name="innerException">The failure underneath.</param>
    public UnsupportedModelException(string message, Exception innerException)
        : base(message, innerException)
    {
    }
}
