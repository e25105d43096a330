using System.Buffers;
using MambaQuant.Pipeline.Artifacts;

namespace MambaQuant.Storage;

/// <summary>A range of an artifact in a blob: several transfers ahead of the reader, handed out in order, every block compared with its checksum.</summary>
/// <remarks>Memory: parallelism × transfer size at most, and never more than the range with the blocks at its ends.</remarks>
internal sealed class BlobReadStream : ForwardReadStream
{
    private readonly BlobReader _reader;
    private readonly int _transferSize;
    private readonly int _parallelism;
    private readonly long _start;
    private readonly long _stop;
    private readonly CancellationTokenSource _closed = new();
    private readonly Queue<Task<Transfer>> _ahead = new();
    private long _next;
    private Transfer _current;

    /// <summary>Opens a range, and asks for its first transfers.</summary>
    /// <param name="reader">The blob.</param>
    /// <param name="offset">First byte.</param>
    /// <param name="length">Bytes from there.</param>
    /// <param name="options">How bytes are moved.</param>
    /// <param name="first">The beginning of the content where it is at hand already: whole blocks, not yet compared; rented, and given back by the stream.</param>
    /// <param name="firstLength">Bytes of it.</param>
    public BlobReadStream(BlobReader reader, long offset, long length, AzureBlobStoreOptions options, byte[]? first, int firstLength)
        : base(length)
    {
        _reader = reader;
        _transferSize = options.TransferSize;
        _parallelism = options.Parallelism;
        _start = offset;
        _stop = ArtifactSeal.BlockStop(offset + length, reader.Info.Length);
        _next = ArtifactSeal.BlockStart(offset);
        if (first is not null && firstLength > 0)
        {
            _ahead.Enqueue(TransferAsync(_next, first, firstLength, isThere: true, _closed.Token));
            _next += firstLength;
        }

        AskAhead();
    }

    /// <inheritdoc/>
    protected override int ReadSome(long position, Span<byte> buffer)
    {
        if (!IsAtHand(position))
        {
            NextAsync(CancellationToken.None).GetAwaiter().GetResult();
        }

        return Copy(position, buffer);
    }

    /// <inheritdoc/>
    protected override async ValueTask<int> ReadSomeAsync(long position, Memory<byte> buffer, CancellationToken cancellation)
    {
        if (!IsAtHand(position))
        {
            await NextAsync(cancellation).ConfigureAwait(false);
        }

        return Copy(position, buffer.Span);
    }

    /// <summary>Stops what is under way; its memory comes back when it has stopped.</summary>
    protected override void Dispose(bool disposing)
    {
        if (disposing && !_closed.IsCancellationRequested)
        {
            _closed.Cancel();
            foreach (Task<Transfer> transfer in _ahead)
            {
                _ = transfer.ContinueWith(
                    ended =>
                    {
                        // Looking at the failure marks it as seen: nobody waits for this transfer any more.
                        if (ended.Exception is null && !ended.IsCanceled)
                        {
                            ended.Result.Return();
                        }
                    },
                    CancellationToken.None,
                    TaskContinuationOptions.ExecuteSynchronously,
                    TaskScheduler.Default);
            }

            _ahead.Clear();
            _current.Return();
            _current = default;
            _closed.Dispose();
        }

        base.Dispose(disposing);
    }

    private bool IsAtHand(long position) => _start + position < _current.Offset + _current.Length;

    private int Copy(long position, Span<byte> buffer)
    {
        int from = (int)(_start + position - _current.Offset);
        int count = Math.Min(buffer.Length, _current.Length - from);
        _current.Bytes.AsSpan(from, count).CopyTo(buffer);
        return count;
    }

    /// <summary>Waits for the next transfer; a cancelled wait leaves it for a later read.</summary>
    private async Task NextAsync(CancellationToken cancellation)
    {
        ObjectDisposedException.ThrowIf(_closed.IsCancellationRequested, this);
        _current.Return();
        _current = default;
        AskAhead();
        _current = await _ahead.Peek().WaitAsync(cancellation).ConfigureAwait(false);
        _ = _ahead.Dequeue();
        AskAhead();
    }

    private void AskAhead()
    {
        // The transfer at hand counts too.
        while (_ahead.Count + (_current.Length > 0 ? 1 : 0) < _parallelism && _next < _stop)
        {
            int length = (int)Math.Min(_transferSize, _stop - _next);
            _ahead.Enqueue(TransferAsync(_next, ArrayPool<byte>.Shared.Rent(length), length, isThere: false, _closed.Token));
            _next += length;
        }
    }

    /// <summary>After a failure the memory is not given back: the client may still hold it for a moment.</summary>
    private async Task<Transfer> TransferAsync(long offset, byte[] bytes, int length, bool isThere, CancellationToken closed)
    {
        await _reader.ReadVerifiedAsync(offset, bytes.AsMemory(0, length), isThere, closed).ConfigureAwait(false);
        return new Transfer(offset, bytes, length);
    }

    private readonly record struct Transfer(long Offset, byte[] Bytes, int Length)
    {
        public void Return()
        {
            if (Bytes is { Length: > 0 })
            {
                ArrayPool<byte>.Shared.Return(Bytes);
            }
        }
    }
}
