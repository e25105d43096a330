namespace MambaQuant.Quant.Models;

/// <summary>A weight of a checkpoint is NaN or infinite; nothing is repaired.</summary>
public sealed class NonFiniteWeightException : Exception
{
    /// <summary>Makes the exception.</summary>
    /// <param name="path">The file.</param>
    /// <param name="tensor">The tensor's name.</param>
    /// <param name="index">Flat index of the first such value, row-major.</param>
    /// <param name="value">The value.</param>
    public NonFiniteWeightException(string path, string tensor, long index, float value)
        : base($"'{path}', tensor '{tensor}': expected finite weights, found {value} at flat index {index}."
            + " The checkpoint is damaged or its training diverged: fetch it again, or take an earlier one.")
    {
        Tensor = tensor;
        Index = index;
    }

    /// <summary>Makes an exception without a message; prefer the one that names the weight.</summary>
    public NonFiniteWeightException()
    {
    }

    /// <summary>Makes an exception.</summary>
    /// <param name="message">File, tensor, index.</param>
    public NonFiniteWeightException(string message)
        : base(message)
    {
    }

    /// <summary>Makes an exception.</summary>
    /// <param name="message">File, tensor, index.</param>
    /// <param name="innerException">The cause.</param>
    public NonFiniteWeightException(string message, Exception innerException)
        : base(message, innerException)
    {
    }

    /// <summary>The tensor's name, or null.</summary>
    public string? Tensor { get; }

    /// <summary>Flat index of the first such value.</summary>
    public long Index { get; }
}
