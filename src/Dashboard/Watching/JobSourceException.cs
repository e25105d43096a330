namespace MambaQuant.Dashboard.Watching;

/// <summary>A source of jobs cannot be asked at the moment; asking again later is worthwhile.</summary>
public sealed class JobSourceException : Exception
{
    /// <summary>With what is wrong.</summary>
    /// <param name="message">What, for people; without any secret.</param>
    public JobSourceException(string message)
        : base(message)
    {
    }

    /// <summary>With what is wrong, and where it comes from.</summary>
    /// <param name="message">What, for people; without any secret.</param>
    /// <param name="inner">Where it comes from.</param>
    public JobSourceException(string message, Exception inner)
        : base(message, inner)
    {
    }

    /// <summary>Without a word; here for the sake of the rules for exceptions.</summary>
    public JobSourceException()
    {
    }
}
