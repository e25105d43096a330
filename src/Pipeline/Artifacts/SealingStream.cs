using System.Buffers;
using System.Security.Cryptography;

namespace MambaQuant.Pipeline.Artifacts;

/// <summary>What a maker of an artifact writes to: cuts the bytes into chunks, hands each to the store, and hashes it meanwhile.</summary>
/// <remarks>
/// Order: chunks are handed over in order; hashing runs in order on another thread, beside the store's own work, so that a put takes as long as the
/// slower of the two. Memory: at most (chunks in flight + 1) × chunk size, rented; a content shorter than a chunk takes little more than itself.
/// The store's failures surface in the maker's next write or in <see cref="SealAsync"/>. Closing the stream is left to its owner: a maker may wrap it in
/// a writer that closes what it wraps.
/// </remarks>
internal sealed class SealingStream : Stream
{
    /// <summary>Takes a chunk of content.</summary>
    /// <param name="chunk">The bytes; valid until the task ends.</param>
    /// <param name="offset">Where they stand in the content.</param>
    /// <param name="cancellation">Stops the call.</param>
    public delegate Task ChunkStore(ReadOnlyMemory<byte> chunk, long offset, CancellationToken cancellation);

    private const int FirstBufferSize = 1 << 14;

    private readonly string _name;
    private readonly int _chunkSize;
    private readonly int _parallelism;
    private readonly ChunkStore? _store;
    private readonly CancellationToken _cancellation;
    private readonly IncrementalHash _digest = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    private readonly ArrayBufferWriter<byte> _table = new();
    private readonly Queue<(Task Done, byte[] Buffer)> _inFlight = new();
    private byte[] _buffer = ArrayPool<byte>.Shared.Rent(FirstBufferSize);
    private int _filled;
    private long _handedOver;
    private Task _hashing = Task.CompletedTask;

    /// <summary>Begins an artifact.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="chunkSize">Bytes of a chunk, a multiple of <see cref="ArtifactSeal.BlockSize"/>.</param>
    /// <param name="parallelism">Chunks in flight at most.</param>
    /// <param name="store">Takes the chunks; null where only the seal is wanted.</param>
    /// <param name="cancellation">Stops the store's work.</param>
    public SealingStream(string name, int chunkSize, int parallelism, ChunkStore? store, CancellationToken cancellation)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(chunkSize % ArtifactSeal.BlockSize, 0, nameof(chunkSize));
        _name = name;
        _chunkSize = chunkSize;
        _parallelism = parallelism;
        _store = store;
        _cancellation = cancellation;
    }

    /// <inheritdoc/>
    public override bool CanRead => false;

    /// <inheritdoc/>
    public override bool CanSeek => false;

    /// <inheritdoc/>
    public override bool CanWrite => true;

    /// <inheritdoc/>
    public override long Length => throw new NotSupportedException();

    /// <summary>Bytes written so far.</summary>
    public override long Position
    {
        get => _handedOver + _filled;
        set => throw new NotSupportedException();
    }

    /// <inheritdoc/>
    public override void Write(ReadOnlySpan<byte> buffer)
    {
        while (buffer.Length > 0)
        {
            buffer = buffer[Fill(buffer)..];
            if (_filled == _chunkSize)
            {
                HandOverAsync().GetAwaiter().GetResult();
            }
        }
    }

    /// <inheritdoc/>
    public override void Write(byte[] buffer, int offset, int count) => Write(buffer.AsSpan(offset, count));

    /// <inheritdoc/>
    public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        while (buffer.Length > 0)
        {
            cancellationToken.ThrowIfCancellationRequested();
            buffer = buffer[Fill(buffer.Span)..];
            if (_filled == _chunkSize)
            {
                await HandOverAsync().ConfigureAwait(false);
            }
        }
    }

    /// <inheritdoc/>
    public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        WriteAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    /// <summary>Does nothing: a chunk goes out when it is full, or with the seal.</summary>
    public override void Flush()
    {
    }

    /// <summary>Hands the last chunk over, waits for everything in flight, and seals.</summary>
    /// <returns>The seal; writing it behind the content is the caller's part.</returns>
    public async Task<ArtifactSeal> SealAsync()
    {
        if (_filled > 0)
        {
            await HandOverAsync().ConfigureAwait(false);
        }

        while (_inFlight.Count > 0)
        {
            await FinishOldestAsync().ConfigureAwait(false);
        }

        return ArtifactSeal.Create(_name, _handedOver, _digest.GetHashAndReset(), _table.WrittenMemory);
    }

    /// <summary>Waits until nothing is in flight any more, however it ends, and gives the memory back. To be called once, after the maker is done.</summary>
    public async ValueTask ReleaseAsync()
    {
        foreach ((Task done, byte[] buffer) in _inFlight)
        {
            await done.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            ArrayPool<byte>.Shared.Return(buffer);
        }

        _inFlight.Clear();
        await _hashing.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        ArrayPool<byte>.Shared.Return(_buffer);
        _buffer = [];
        _digest.Dispose();
    }

    /// <inheritdoc/>
    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    /// <inheritdoc/>
    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    /// <inheritdoc/>
    public override void SetLength(long value) => throw new NotSupportedException();

    /// <summary>Copies as much as the chunk takes; the first chunk's memory grows with the content, so that small artifacts stay cheap.</summary>
    private int Fill(ReadOnlySpan<byte> bytes)
    {
        int wanted = (int)Math.Min(_chunkSize, (long)_filled + bytes.Length);
        if (_buffer.Length < wanted)
        {
            byte[] larger = ArrayPool<byte>.Shared.Rent(Math.Min(_chunkSize, Math.Max(wanted, 2 * _buffer.Length)));
            _buffer.AsSpan(0, _filled).CopyTo(larger);
            ArrayPool<byte>.Shared.Return(_buffer);
            _buffer = larger;
        }

        int count = wanted - _filled;
        bytes[..count].CopyTo(_buffer.AsSpan(_filled));
        _filled = wanted;
        return count;
    }

    private async Task HandOverAsync()
    {
        byte[] buffer = _buffer;
        ReadOnlyMemory<byte> chunk = buffer.AsMemory(0, _filled);
        _hashing = _hashing.ContinueWith(_ => Hash(chunk.Span), CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
        Task stored = _store is null ? Task.CompletedTask : StartStore(chunk);
        _inFlight.Enqueue((Task.WhenAll(_hashing, stored), buffer));
        _handedOver += _filled;
        _filled = 0;
        _buffer = [];
        byte[]? free = null;
        while (_inFlight.Count >= _parallelism || (_inFlight.Count > 0 && _inFlight.Peek().Done.IsCompleted))
        {
            if (free is not null)
            {
                ArrayPool<byte>.Shared.Return(free);
            }

            free = await FinishOldestAsync(keep: true).ConfigureAwait(false);
        }

        _buffer = free ?? ArrayPool<byte>.Shared.Rent(_chunkSize);
    }

    /// <summary>Failures of a store that works at once are put into the task, so that the chunk is in flight either way.</summary>
    private Task StartStore(ReadOnlyMemory<byte> chunk)
    {
        try
        {
            return _store!(chunk, _handedOver, _cancellation);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException or OperationCanceledException)
        {
            return Task.FromException(failure);
        }
    }

    private async Task<byte[]?> FinishOldestAsync(bool keep = false)
    {
        (Task done, byte[] buffer) = _inFlight.Peek();
        await done.ConfigureAwait(false);
        _inFlight.Dequeue();
        if (keep)
        {
            return buffer;
        }

        ArrayPool<byte>.Shared.Return(buffer);
        return null;
    }

    private void Hash(ReadOnlySpan<byte> chunk)
    {
        _digest.AppendData(chunk);
        for (; chunk.Length > 0; chunk = chunk[Math.Min(chunk.Length, ArtifactSeal.BlockSize)..])
        {
            BlockChecksum.Compute(chunk[..Math.Min(chunk.Length, ArtifactSeal.BlockSize)], _table.GetSpan(BlockChecksum.Size));
            _table.Advance(BlockChecksum.Size);
        }
    }
}
