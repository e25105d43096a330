namespace MambaQuant.Quant.Kernels;

/// <summary>A numerical method could not give a result: no convergence, no positive definite matrix, a non-finite value.</summary>
public sealed class NumericalException : Exception
{
    /// <summary>Makes the exception.</summary>
    /// <param name="message">What failed, where, and what to try.</param>
    public NumericalException(string message)
        : base(message)
    {
    }

    /// <summary>Makes the exception.</summary>
    /// <param name="message">What failed, where, and what to try.</param>
    /// <param name="innerException">The cause.</param>
    public NumericalException(string message, Exception innerException)
        : base(message, innerException)
    {
    }

    /// <summary>Makes the exception without a message.</summary>
    public NumericalException()
    {
    }
}
