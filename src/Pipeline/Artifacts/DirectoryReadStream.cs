using System.Buffers;
using Microsoft.Win32.SafeHandles;

namespace MambaQuant.Pipeline.Artifacts;

/// <summary>A range of an artifact in a file, every block compared with its checksum before a byte of it is handed out.</summary>
/// <remarks>
/// Whole blocks are read straight into the caller's memory where it takes them; the rest goes through one chunk. A chunk is small enough to be still in
/// the processor's cache when its checksum is computed.
/// </remarks>
internal sealed class DirectoryReadStream : Stream
{
    private const int ChunkSize = 2 * ArtifactSeal.BlockSize;

    private readonly string _store;
    private readonly ArtifactSeal _seal;
    private readonly SafeFileHandle _file;
    private readonly long _start;
    private readonly long _end;
    private long _position;
    private byte[] _chunk = [];
    private long _chunkStart;
    private int _chunkLength;

    /// <summary>Opens a range.</summary>
    /// <param name="store">The store's description.</param>
    /// <param name="seal">The artifact.</param>
    /// <param name="file">Its file; closed with the stream.</param>
    /// <param name="offset">First byte.</param>
    /// <param name="length">Bytes from there.</param>
    public DirectoryReadStream(string store, ArtifactSeal seal, SafeFileHandle file, long offset, long length)
    {
        _store = store;
        _seal = seal;
        _file = file;
        _start = _position = offset;
        _end = offset + length;
    }

    /// <inheritdoc/>
    public override bool CanRead => true;

    /// <inheritdoc/>
    public override bool CanSeek => false;

    /// <inheritdoc/>
    public override bool CanWrite => false;

    /// <summary>Bytes of the range.</summary>
    public override long Length => _end - _start;

    /// <summary>Bytes read so far.</summary>
    public override long Position
    {
        get => _position - _start;
        set => throw new NotSupportedException();
    }

    /// <inheritdoc/>
    public override int Read(Span<byte> buffer)
    {
        int wanted = (int)Math.Min(buffer.Length, _end - _position);
        if (wanted == 0)
        {
            return 0;
        }

        if (_position < _chunkStart || _position >= _chunkStart + _chunkLength)
        {
            int direct = WholeBlocks(wanted);
            if (direct > 0)
            {
                ReadVerified(_position, buffer[..direct]);
                _position += direct;
                return direct;
            }

            FillChunk();
        }

        int from = (int)(_position - _chunkStart);
        int count = Math.Min(wanted, _chunkLength - from);
        _chunk.AsSpan(from, count).CopyTo(buffer);
        _position += count;
        return count;
    }

    /// <inheritdoc/>
    public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

    /// <summary>Reads at once: a local file is not worth a thread of its own.</summary>
    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        return ValueTask.FromResult(Read(buffer.Span));
    }

    /// <inheritdoc/>
    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    /// <inheritdoc/>
    public override void Flush()
    {
    }

    /// <inheritdoc/>
    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    /// <inheritdoc/>
    public override void SetLength(long value) => throw new NotSupportedException();

    /// <inheritdoc/>
    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing && !_file.IsClosed)
        {
            _file.Dispose();
            if (_chunk.Length > 0)
            {
                ArrayPool<byte>.Shared.Return(_chunk);
                _chunk = [];
                _chunkLength = 0;
            }
        }

        base.Dispose(disposing);
    }

    /// <summary>Bytes from here that are whole blocks and all wanted; the content's last, shorter block is whole too.</summary>
    private int WholeBlocks(int wanted)
    {
        if (_position % ArtifactSeal.BlockSize != 0)
        {
            return 0;
        }

        int count = Math.Min(wanted, ChunkSize);
        return _position + count == _seal.Info.Length ? count : count / ArtifactSeal.BlockSize * ArtifactSeal.BlockSize;
    }

    private void FillChunk()
    {
        if (_chunk.Length == 0)
        {
            _chunk = ArrayPool<byte>.Shared.Rent(ChunkSize);
        }

        long start = _position / ArtifactSeal.BlockSize * ArtifactSeal.BlockSize;

        // To the end of the block that the range ends in, and not further: a small range of a large artifact costs one block.
        long stop = Math.Min((_end + ArtifactSeal.BlockSize - 1) / ArtifactSeal.BlockSize * ArtifactSeal.BlockSize, _seal.Info.Length);
        int length = (int)Math.Min(ChunkSize, stop - start);
        _chunkLength = 0;
        ReadVerified(start, _chunk.AsSpan(0, length));
        _chunkStart = start;
        _chunkLength = length;
    }

    private void ReadVerified(long offset, Span<byte> destination)
    {
        try
        {
            if (!TryReadExactly(_file, destination, offset))
            {
                throw StoreTexts.Corrupt(_store, _seal.Info.Name, $"expected {_seal.Info.Length} bytes, found the file's end within {destination.Length} bytes from {offset}");
            }
        }
        catch (Exception failure) when (StoreTexts.IsSystemFailure(failure))
        {
            throw StoreTexts.Failed(_store, $"reading '{_seal.Info.Name}' at {offset}", failure);
        }

        if (_seal.FindDamage(offset, destination) is var damage and >= 0)
        {
            throw StoreTexts.Damage(_store, _seal, damage);
        }
    }

    /// <summary>Fills a span from a file.</summary>
    /// <param name="file">The file.</param>
    /// <param name="destination">The span.</param>
    /// <param name="offset">Where in the file.</param>
    /// <returns>False where the file ends before.</returns>
    internal static bool TryReadExactly(SafeFileHandle file, Span<byte> destination, long offset)
    {
        while (destination.Length > 0)
        {
            int count = RandomAccess.Read(file, destination, offset);
            if (count == 0)
            {
                return false;
            }

            offset += count;
            destination = destination[count..];
        }

        return true;
    }
}
