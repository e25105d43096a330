using Azure.Storage.Blobs.Specialized;
using MambaQuant.Quant.Safetensors;

namespace MambaQuant.Storage;

/// <summary>A blob that somebody put as it is, open for reading at any position; every byte of one version.</summary>
internal sealed class BlobFile : IByteSource
{
    private readonly BlobVersion _version;
    private readonly BlobWindow _window;
    private bool _closed;

    /// <summary>Opens a blob.</summary>
    /// <param name="blob">The blob.</param>
    /// <param name="name">Its name without a path.</param>
    /// <param name="description">Its address without a secret.</param>
    /// <param name="version">What was seen of it.</param>
    /// <param name="window">Reads it.</param>
    public BlobFile(BlockBlobClient blob, string name, string description, BlobVersion version, BlobWindow window)
    {
        Blob = blob;
        Name = name;
        Description = description;
        _version = version;
        _window = window;
        window.Enter();
    }

    /// <summary>The blob.</summary>
    public BlockBlobClient Blob { get; }

    /// <inheritdoc/>
    public string Name { get; }

    /// <inheritdoc/>
    public string Description { get; }

    /// <inheritdoc/>
    public long Length => _version.Length;

    /// <inheritdoc/>
    public DateTime? LastWrite => _version.LastWrite;

    /// <summary>What was seen of it.</summary>
    public BlobVersion Version => _version;

    /// <inheritdoc/>
    /// <exception cref="Pipeline.Inputs.ChangedInputException">The blob was replaced or deleted since.</exception>
    /// <exception cref="Pipeline.Artifacts.ArtifactStoreException">The service fails.</exception>
    public int Read(Span<byte> destination, long offset)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(offset);
        ObjectDisposedException.ThrowIf(_closed, this);
        int count = (int)Math.Min(destination.Length, Math.Max(0, Length - offset));
        _window.Read(this, destination[..count], offset);
        return count;
    }

    /// <summary>Closes the file.</summary>
    public void Dispose()
    {
        if (!_closed)
        {
            _closed = true;
            _window.Leave();
        }
    }
}
