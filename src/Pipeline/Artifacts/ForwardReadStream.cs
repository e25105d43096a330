namespace MambaQuant.Pipeline.Artifacts;

/// <summary>A stream that is read from its first byte to its last: what does not depend on where the bytes come from.</summary>
/// <param name="length">Bytes of the stream.</param>
internal abstract class ForwardReadStream(long length) : Stream
{
    private long _position;

    /// <inheritdoc/>
    public sealed override bool CanRead => true;

    /// <inheritdoc/>
    public sealed override bool CanSeek => false;

    /// <inheritdoc/>
    public sealed override bool CanWrite => false;

    /// <summary>Bytes of the stream.</summary>
    public sealed override long Length { get; } = length;

    /// <summary>Bytes read so far.</summary>
    public sealed override long Position
    {
        get => _position;
        set => throw new NotSupportedException();
    }

    /// <inheritdoc/>
    public sealed override int Read(Span<byte> buffer)
    {
        int wanted = (int)Math.Min(buffer.Length, Length - _position);
        int count = wanted == 0 ? 0 : ReadSome(_position, buffer[..wanted]);
        _position += count;
        return count;
    }

    /// <inheritdoc/>
    public sealed override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

    /// <inheritdoc/>
    public sealed override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        int wanted = (int)Math.Min(buffer.Length, Length - _position);
        int count = wanted == 0 ? 0 : await ReadSomeAsync(_position, buffer[..wanted], cancellationToken).ConfigureAwait(false);
        _position += count;
        return count;
    }

    /// <inheritdoc/>
    public sealed override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    /// <summary>Does nothing.</summary>
    public sealed override void Flush()
    {
    }

    /// <inheritdoc/>
    public sealed override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    /// <inheritdoc/>
    public sealed override void SetLength(long value) => throw new NotSupportedException();

    /// <inheritdoc/>
    public sealed override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    /// <summary>Reads some bytes, at least one.</summary>
    /// <param name="position">Bytes read so far.</param>
    /// <param name="buffer">Where to; not empty, and not beyond the end.</param>
    /// <returns>How many bytes.</returns>
    protected abstract int ReadSome(long position, Span<byte> buffer);

    /// <summary>Reads some bytes, at least one.</summary>
    /// <param name="position">Bytes read so far.</param>
    /// <param name="buffer">Where to; not empty, and not beyond the end.</param>
    /// <param name="cancellation">Stops the call.</param>
    /// <returns>How many bytes.</returns>
    protected abstract ValueTask<int> ReadSomeAsync(long position, Memory<byte> buffer, CancellationToken cancellation);
}
