namespace MambaQuant.Quant.Models;

/// <summary>A config.json is damaged, incomplete or contradicts itself.</summary>
/// <remarks>The message names the file and every field that is wrong, with what was expected and found.</remarks>
public sealed class InvalidModelConfigException : Exception
{
    /// <summary>Makes an exception without a message; prefer the one with a message.</summary>
    public InvalidModelConfigException()
    {
    }

    /// <summary>Makes an exception.</summary>
    /// <param name="message">File, fields, expected, found, next step.</param>
    public InvalidModelConfigException(string message)
        : base(message)
    {
    }

    /// <summary>Makes an exception with the failure that revealed the damage.</summary>
    /// <param name="message">File, fields, expected, found, next step.</param>
    /// <param name="innerException">The failure underneath.</param>
    public InvalidModelConfigException(string message, Exception innerException)
        : base(message, innerException)
    {
    }
}
