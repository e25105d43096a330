namespace MambaQuant.Quant.Safetensors;

/// <summary>A safetensors file, or the index over several, is damaged or does not hold what was asked of it.</summary>
/// <remarks>The message names file and tensor, what was expected, what was found, and the next step.</remarks>
public sealed class InvalidSafetensorsException : Exception
{
    /// <summary>Makes an exception without a message; prefer the one with a message.</summary>
    public InvalidSafetensorsException()
    {
    }

    /// <summary>Makes an exception.</summary>
    /// <param name="message">File, tensor, expected, found, next step.</param>
    public InvalidSafetensorsException(string message)
        : base(message)
    {
    }

    /// <summary>Makes an exception with the failure that revealed the damage.</summary>
    /// <param name="message">File, tensor, expected, found, next step.</param>
    /// <param name="innerException">The failure underneath.</param>
    public InvalidSafetensorsException(string message, Exception innerException)
        : base(message, innerException)
    {
    }
}
