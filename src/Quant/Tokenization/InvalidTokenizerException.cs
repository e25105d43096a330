namespace MambaQuant.Quant.Tokenization;

/// <summary>A tokenizer file is damaged, of a kind that is not read here, or does not fit the model.</summary>
/// <remarks>The message names the file, the field, what was expected and found, and the next step.</remarks>
public sealed class InvalidTokenizerException : Exception
{
    /// <summary>Makes an exception without a message; prefer the one with a message.</summary>
    public InvalidTokenizerException()
    {
    }

    /// <summary>Makes an exception.</summary>
    /// <param name="message">File, field, expected, found, next step.</param>
    public InvalidTokenizerException(string message)
        : base(message)
    {
    }

    /// <summary>Makes an exception with the failure that revealed the damage.</summary>
    /// <param name="message">File, field, expected, found, next step.</param>
    /// <param name="innerException">The failure underneath.</param>
    public InvalidTokenizerException(string message, Exception innerException)
        : base(message, innerException)
    {
    }
}
