namespace MambaQuant.Quant.Models;

/// <summary>A recipe names a site or module that the model's family does not have.</summary>
public sealed class UnsupportedSiteException : Exception
{
    /// <summary>Makes the exception.</summary>
    /// <param name="family">The family.</param>
    /// <param name="site">The site or module it lacks.</param>
    public UnsupportedSiteException(string family, string site)
        : base($"models of type '{family}' have no site '{site}'; remove it from the recipe")
    {
    }

    /// <summary>Makes the exception.</summary>
    /// <param name="message">What is missing where.</param>
    public UnsupportedSiteException(string message)
        : base(message)
    {
    }

    /// <summary>Makes the exception.</summary>
    /// <param name="message">What is missing where.</param>
    /// <param name="innerException">The cause.</param>
    public UnsupportedSiteException(string message, Exception innerException)
        : base(message, innerException)
    {
    }

    /// <summary>Makes the exception without a message.</summary>
    public UnsupportedSiteException()
    {
    }
}
