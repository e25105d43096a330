namespace MambaQuant.Pipeline.Planning;

/// <summary>A stored plan is damaged, or was made by a version of the program that plans otherwise.</summary>
public sealed class InvalidPlanException : Exception
{
    /// <summary>Makes an exception.</summary>
    /// <param name="message">Which plan, what was expected and found, and the next step.</param>
    public InvalidPlanException(string message)
        : base(message)
    {
    }

    /// <summary>Makes an exception.</summary>
    /// <param name="message">Which plan, what was expected and found, and the next step.</param>
    /// <param name="innerException">The cause.</param>
    public InvalidPlanException(string message, Exception innerException)
        : base(message, innerException)
    {
    }
}
