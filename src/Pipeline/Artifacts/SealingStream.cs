using System.Buffers;

namespace MambaQuant.Pipeline.Artifacts;

/// <summary>What a maker of an artifact writes to: counts and checksums the bytes on their way to a store.</summary>
/// <remarks>Closing the stream is left to its owner: a maker may wrap it in a writer that closes what it wraps.</remarks>
/// <param name="name">Name of the artifact.</param>
internal abstract class SealingStream(string name) : Stream
{
    private readonly ArrayBufferWriter<byte> _table = new();

    /// <inheritdoc/>
    public sealed override bool CanRead => false;

    /// <inheritdoc/>
    public sealed override bool CanSeek => false;

    /// <inheritdoc/>
    public sealed override bool CanWrite => true;

    /// <inheritdoc/>
    public sealed override long Length => throw new NotSupportedException();

    /// <summary>Bytes written so far.</summary>
    public sealed override long Position
    {
        get => Sealed + Waiting;
        set => throw new NotSupportedException();
    }

    /// <summary>Bytes that are in the table of checksums.</summary>
    protected long Sealed { get; private set; }

    /// <summary>Bytes that wait for the rest of their chunk.</summary>
    protected abstract int Waiting { get; }

    /// <inheritdoc/>
    public sealed override void Write(byte[] buffer, int offset, int count) => Write(buffer.AsSpan(offset, count));

    /// <inheritdoc/>
    public abstract override void Write(ReadOnlySpan<byte> buffer);

    /// <inheritdoc/>
    public abstract override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default);

    /// <inheritdoc/>
    public sealed override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        WriteAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    /// <summary>Does nothing: bytes go out a chunk at a time, the last ones with the seal.</summary>
    public sealed override void Flush()
    {
    }

    /// <inheritdoc/>
    public sealed override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    /// <inheritdoc/>
    public sealed override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    /// <inheritdoc/>
    public sealed override void SetLength(long value) => throw new NotSupportedException();

    /// <summary>Puts bytes into the table.</summary>
    /// <param name="chunk">Whole blocks; the last chunk may end within one.</param>
    protected void Append(ReadOnlySpan<byte> chunk)
    {
        ArtifactSeal.AppendTo(_table, chunk);
        Sealed += chunk.Length;
    }

    /// <summary>The seal of all bytes that are in the table.</summary>
    protected ArtifactSeal CreateSeal() => ArtifactSeal.Create(name, Sealed, _table.WrittenMemory);
}
