using MambaQuant.Pipeline.Artifacts;
using MambaQuant.Quant.Safetensors;

namespace MambaQuant.Pipeline.Inputs;

/// <summary>An uploaded file, open for reading at any position.</summary>
public sealed class StoredInput : IByteSource
{
    private readonly StoredInputReader _reader;
    private readonly InputFile _file;
    private bool _closed;

    /// <summary>Opens a file by itself.</summary>
    /// <param name="store">The store.</param>
    /// <param name="file">The file.</param>
    /// <exception cref="ChangedInputException">It is missing or damaged.</exception>
    /// <exception cref="ArtifactStoreException">The store cannot be read.</exception>
    public StoredInput(IArtifactStore store, InputFile file)
        : this(new StoredInputReader(store), file)
    {
    }

    /// <summary>Opens a file among others that share a reader.</summary>
    /// <param name="reader">The reader.</param>
    /// <param name="file">The file.</param>
    internal StoredInput(StoredInputReader reader, InputFile file)
    {
        _reader = reader;
        _file = file;
        Length = reader.Open(file);
    }

    /// <inheritdoc/>
    public string Name => _file.Name;

    /// <inheritdoc/>
    public string Description => _reader.Locate(_file);

    /// <inheritdoc/>
    public long Length { get; }

    /// <summary>None: what lies under a hash never changes.</summary>
    public DateTime? LastWrite => null;

    /// <inheritdoc/>
    /// <exception cref="ChangedInputException">The file is missing or damaged.</exception>
    /// <exception cref="ArtifactStoreException">The store cannot be read.</exception>
    public int Read(Span<byte> destination, long offset)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(offset);
        ObjectDisposedException.ThrowIf(_closed, this);
        int count = (int)Math.Min(destination.Length, Math.Max(0, Length - offset));
        _reader.Read(_file, Length, destination[..count], offset);
        return count;
    }

    /// <summary>Closes the file.</summary>
    public void Dispose()
    {
        if (!_closed)
        {
            _closed = true;
            _reader.Close();
        }
    }
}
