namespace MambaQuant.Pipeline.Inputs;

/// <summary>The request of a job is missing, damaged, of another version, or does not fit the job's plan.</summary>
public sealed class InvalidRequestException : Exception
{
    /// <summary>Makes an exception.</summary>
    /// <param name="message">Which request, what was expected and found, and the next step.</param>
    public InvalidRequestException(string message)
        : base(message)
    {
    }

    /// <summary>Makes an exception.</summary>
    /// <param name="message">Which request, what was expected and found, and the next step.</param>
    /// <param name="innerException">The cause.</param>
    public InvalidRequestException(string message, Exception innerException)
        : base(message, innerException)
    {
    }
}
