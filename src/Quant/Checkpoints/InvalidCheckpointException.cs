namespace MambaQuant.Quant.Checkpoints;

/// <summary>A quantized checkpoint is damaged, incomplete or contradicts itself.</summary>
/// <remarks>The message names folder, field or tensor, what was expected, what was found, and the next step.</remarks>
public sealed class InvalidCheckpointException : Exception
{
    /// <summary>Makes an exception without a message; prefer the one with a message.</summary>
    public InvalidCheckpointException()
    {
    }

    /// <summary>Makes an exception.</summary>
    /// <param name="message">Folder, field or tensor, expected, found, next step.</param>
    public InvalidCheckpointException(string message)
        : base(message)
    {
    }

    /// <summary>Makes an exception with the failure that revealed the damage.</summary>
    /// <param name="message">Folder, field or tensor, expected, found, next step.</param>
    /// <param name="innerException">The failure underneath.</param>
    public InvalidCheckpointException(string message, Exception innerException)
        : base(message, innerException)
    {
    }
}
