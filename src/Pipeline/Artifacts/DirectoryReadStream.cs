using System.Buffers;
using Microsoft.Win32.SafeHandles;

namespace MambaQuant.Pipeline.Artifacts;

/// <summary>A range of an artifact in a file, every block compared with its checksum before a byte of it is handed out.</summary>
/// <remarks>
/// Whole blocks are read straight into the caller's memory where it takes them; the rest goes through one chunk. A chunk is small enough to be still in
/// the processor's cache when its checksum is computed. Reads block: a local file is not worth a thread of its own.
/// </remarks>
internal sealed class DirectoryReadStream : ForwardReadStream
{
    private const int ChunkSize = 4 * ArtifactSeal.BlockSize;

    private readonly string _store;
    private readonly ArtifactSeal _seal;
    private readonly SafeFileHandle _file;
    private readonly long _start;
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
        : base(length)
    {
        _store = store;
        _seal = seal;
        _file = file;
        _start = offset;
    }

    /// <summary>Fills a span from a file.</summary>
    /// <param name="file">The file.</param>
    /// <param name="destination">The span.</param>
    /// <param name="offset">Where in the file.</param>
    /// <returns>False where the file ends before.</returns>
    public static bool TryReadExactly(SafeFileHandle file, Span<byte> destination, long offset)
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

    /// <inheritdoc/>
    protected override int ReadSome(long position, Span<byte> buffer)
    {
        long at = _start + position;
        if (at < _chunkStart || at >= _chunkStart + _chunkLength)
        {
            int direct = WholeBlocks(at, buffer.Length);
            if (direct > 0)
            {
                ReadVerified(at, buffer[..direct]);
                return direct;
            }

            FillChunk(at);
        }

        int from = (int)(at - _chunkStart);
        int count = Math.Min(buffer.Length, _chunkLength - from);
        _chunk.AsSpan(from, count).CopyTo(buffer);
        return count;
    }

    /// <inheritdoc/>
    protected override ValueTask<int> ReadSomeAsync(long position, Memory<byte> buffer, CancellationToken cancellation) =>
        ValueTask.FromResult(ReadSome(position, buffer.Span));

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
    private int WholeBlocks(long at, int wanted)
    {
        if (at % ArtifactSeal.BlockSize != 0)
        {
            return 0;
        }

        int count = Math.Min(wanted, ChunkSize);
        return at + count == _seal.Info.Length ? count : count / ArtifactSeal.BlockSize * ArtifactSeal.BlockSize;
    }

    private void FillChunk(long at)
    {
        if (_chunk.Length == 0)
        {
            _chunk = ArrayPool<byte>.Shared.Rent(ChunkSize);
        }

        // Not further than the block that the range ends in: a small range of a large artifact costs one block.
        long start = ArtifactSeal.BlockStart(at), stop = ArtifactSeal.BlockStop(_start + Length, _seal.Info.Length);
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
}
