namespace MambaQuant.Quant.Safetensors;

/// <summary>A file that is open for reading at any position, wherever it lies.</summary>
/// <remarks>Safe for concurrent reads.</remarks>
public interface IByteSource : IDisposable
{
    /// <summary>Its name without a path, such as "model.safetensors".</summary>
    string Name { get; }

    /// <summary>Where it lies, for messages: a path, or a name in a store.</summary>
    string Description { get; }

    /// <summary>Its bytes at this moment.</summary>
    long Length { get; }

    /// <summary>When it was last written, in UTC; null where a file never changes once it is there.</summary>
    DateTime? LastWrite { get; }

    /// <summary>Reads as many bytes as there are.</summary>
    /// <param name="destination">Receives them.</param>
    /// <param name="offset">The first byte.</param>
    /// <returns>Their number: that of the destination, or fewer where the file ends before.</returns>
    /// <exception cref="IOException">The bytes cannot be read.</exception>
    int Read(Span<byte> destination, long offset);
}
