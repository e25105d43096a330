using System.Buffers;

namespace MambaQuant.Pipeline.Artifacts;

/// <summary>Writes to a store that takes bytes at once, on the maker's thread.</summary>
/// <remarks>
/// Whole blocks go from the maker's memory to the store without a copy, a chunk at a time, so that a chunk is still in the processor's cache when it is
/// written after its checksum was computed. Smaller writes are gathered. Memory: one chunk at most.
/// </remarks>
/// <param name="name">Name of the artifact.</param>
/// <param name="store">Takes bytes and where they stand in the content; null where only the seal is wanted.</param>
internal sealed class DirectSealingStream(string name, DirectSealingStream.Store? store) : SealingStream(name)
{
    /// <summary>Takes bytes.</summary>
    /// <param name="bytes">The bytes.</param>
    /// <param name="offset">Where they stand in the content.</param>
    public delegate void Store(ReadOnlySpan<byte> bytes, long offset);

    private const int ChunkSize = 4 * ArtifactSeal.BlockSize;

    private byte[] _buffer = [];
    private int _filled;

    /// <inheritdoc/>
    protected override int Waiting => _filled;

    /// <inheritdoc/>
    public override void Write(ReadOnlySpan<byte> buffer)
    {
        while (buffer.Length > 0)
        {
            int count;
            if (_filled == 0 && buffer.Length >= ArtifactSeal.BlockSize)
            {
                count = Math.Min(buffer.Length / ArtifactSeal.BlockSize * ArtifactSeal.BlockSize, ChunkSize);
                Put(buffer[..count]);
            }
            else
            {
                count = Gather(buffer);
            }

            buffer = buffer[count..];
        }
    }

    /// <inheritdoc/>
    public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        Write(buffer.Span);
        return ValueTask.CompletedTask;
    }

    /// <summary>Writes what waits, and seals; writing the seal behind the content is the caller's part.</summary>
    public ArtifactSeal Seal()
    {
        Put(_buffer.AsSpan(0, _filled));
        _filled = 0;
        return CreateSeal();
    }

    /// <summary>Gives the memory back. To be called once, after the maker is done.</summary>
    public void Release()
    {
        byte[] buffer = _buffer;
        _buffer = [];
        if (buffer.Length > 0)
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private int Gather(ReadOnlySpan<byte> bytes)
    {
        if (_buffer.Length == 0)
        {
            _buffer = ArrayPool<byte>.Shared.Rent(ChunkSize);
        }

        int count = Math.Min(bytes.Length, ChunkSize - _filled);
        bytes[..count].CopyTo(_buffer.AsSpan(_filled));
        _filled += count;
        if (_filled == ChunkSize)
        {
            Put(_buffer.AsSpan(0, ChunkSize));
            _filled = 0;
        }

        return count;
    }

    private void Put(ReadOnlySpan<byte> chunk)
    {
        long offset = Sealed;
        Append(chunk);
        store?.Invoke(chunk, offset);
    }
}
