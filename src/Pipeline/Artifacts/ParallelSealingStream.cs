using System.Buffers;

namespace MambaQuant.Pipeline.Artifacts;

/// <summary>Writes to a store that takes several chunks at once and a while for each.</summary>
/// <remarks>
/// Order: chunks are handed over in order. Memory: (chunks in flight + 1) × chunk size at most, rented; a content shorter than a chunk takes little more
/// than itself. A failure of the store surfaces in one of the maker's next writes and in <see cref="WhenStoredAsync"/>, whatever the maker does with the former.
/// </remarks>
internal sealed class ParallelSealingStream : SealingStream
{
    /// <summary>Takes a chunk.</summary>
    /// <param name="chunk">The bytes; valid until the task ends.</param>
    /// <param name="offset">Where they stand in the content.</param>
    public delegate Task ChunkStore(ReadOnlyMemory<byte> chunk, long offset);

    private const int FirstBufferSize = 1 << 14;

    private readonly int _chunkSize;
    private readonly int _parallelism;
    private readonly ChunkStore _store;
    private readonly Queue<(Task Stored, byte[] Buffer)> _inFlight = new();
    private byte[] _buffer = ArrayPool<byte>.Shared.Rent(FirstBufferSize);
    private int _filled;

    /// <summary>Begins an artifact.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="chunkSize">Bytes of a chunk, a multiple of <see cref="ArtifactSeal.BlockSize"/>.</param>
    /// <param name="parallelism">Chunks in flight at most.</param>
    /// <param name="store">Takes the chunks.</param>
    public ParallelSealingStream(string name, int chunkSize, int parallelism, ChunkStore store)
        : base(name)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(chunkSize % ArtifactSeal.BlockSize, 0, nameof(chunkSize));
        _chunkSize = chunkSize;
        _parallelism = parallelism;
        _store = store;
    }

    /// <inheritdoc/>
    protected override int Waiting => _filled;

    /// <inheritdoc/>
    public override void Write(ReadOnlySpan<byte> buffer)
    {
        while (buffer.Length > 0)
        {
            buffer = buffer[Fill(buffer)..];
            if (_filled == _chunkSize)
            {
                HandOverFullAsync().AsTask().GetAwaiter().GetResult();
            }
        }
    }

    /// <inheritdoc/>
    public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        while (buffer.Length > 0)
        {
            cancellationToken.ThrowIfCancellationRequested();
            buffer = buffer[Fill(buffer.Span)..];
            if (_filled == _chunkSize)
            {
                await HandOverFullAsync().ConfigureAwait(false);
            }
        }
    }

    /// <summary>Hands the last chunk over, and seals: what was handed over may still be in flight. Writing the seal behind the content is the caller's part.</summary>
    public ArtifactSeal Seal()
    {
        if (_filled > 0)
        {
            HandOver();
        }

        return CreateSeal();
    }

    /// <summary>Waits until everything that was handed over is stored.</summary>
    public async Task WhenStoredAsync()
    {
        while (_inFlight.Count > 0)
        {
            ArrayPool<byte>.Shared.Return(await FinishOldestAsync().ConfigureAwait(false));
        }
    }

    /// <summary>Waits until nothing is in flight any more, however it ends, and gives the memory back. To be called once, after the maker is done.</summary>
    public async ValueTask ReleaseAsync()
    {
        foreach ((Task stored, byte[] buffer) in _inFlight)
        {
            await stored.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            ArrayPool<byte>.Shared.Return(buffer);
        }

        _inFlight.Clear();
        ArrayPool<byte>.Shared.Return(_buffer);
        _buffer = [];
    }

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

    /// <summary>Hands a full chunk over, and takes memory for the next: of a chunk that is done, or new while few are in flight.</summary>
    private async ValueTask HandOverFullAsync()
    {
        HandOver();
        byte[]? free = null;
        while (_inFlight.Count >= _parallelism || (free is null && _inFlight.Peek().Stored.IsCompleted))
        {
            if (free is not null)
            {
                ArrayPool<byte>.Shared.Return(free);
            }

            free = await FinishOldestAsync().ConfigureAwait(false);
        }

        _buffer = free ?? ArrayPool<byte>.Shared.Rent(_chunkSize);
    }

    private void HandOver()
    {
        long offset = Sealed;
        ReadOnlyMemory<byte> chunk = _buffer.AsMemory(0, _filled);
        Append(chunk.Span);
        _inFlight.Enqueue((_store(chunk, offset), _buffer));
        _buffer = [];
        _filled = 0;
    }

    /// <summary>A chunk that failed stays first, so that every later wait fails too.</summary>
    private async ValueTask<byte[]> FinishOldestAsync()
    {
        (Task stored, byte[] buffer) = _inFlight.Peek();
        await stored.ConfigureAwait(false);
        _inFlight.Dequeue();
        return buffer;
    }
}
