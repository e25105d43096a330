namespace MambaQuant.Client.Failures;

/// <summary>Arguments that parse, and yet cannot be meant.</summary>
internal sealed class UsageException : Exception
{
    /// <summary>Makes the exception.</summary>
    /// <param name="message">What is wrong, and what to write in its place.</param>
    public UsageException(string message)
        : base(message)
    {
    }
}
