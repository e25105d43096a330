using Azure;
using MambaQuant.Pipeline.Inputs;

namespace MambaQuant.Storage;

/// <summary>The run of bytes that was fetched last, of one blob among those that are open.</summary>
/// <remarks>
/// It doubles, from <see cref="FirstBytes"/> to transfer size × parallelism, each time reading goes on behind its end, and begins small after a jump: a header
/// costs one small range, a file that is read from end to end comes in long runs of parallel transfers. Memory: one window for all files of a model, none
/// while no file is open. Thread-safe, one read at a time. It waits for the service on the calling thread, since those who read weights do.
/// </remarks>
/// <param name="options">How bytes are moved.</param>
/// <param name="cancellation">Stops every read.</param>
internal sealed class BlobWindow(AzureBlobStoreOptions options, CancellationToken cancellation)
{
    /// <summary>Bytes of the first run after a jump.</summary>
    public const int FirstBytes = 1 << 20;

    private readonly Lock _lock = new();
    private byte[] _bytes = [];
    private string _file = "";
    private long _start;
    private int _count;
    private int _users;

    /// <summary>A file is opened.</summary>
    public void Enter()
    {
        lock (_lock)
        {
            _users++;
        }
    }

    /// <summary>A file is closed; with the last one the memory goes.</summary>
    public void Leave()
    {
        lock (_lock)
        {
            if (--_users == 0)
            {
                (_bytes, _file, _count) = ([], "", 0);
            }
        }
    }

    /// <summary>Reads a run of bytes that a file has.</summary>
    /// <param name="file">The file.</param>
    /// <param name="destination">Receives them.</param>
    /// <param name="offset">The first.</param>
    public void Read(BlobFile file, Span<byte> destination, long offset)
    {
        lock (_lock)
        {
            while (destination.Length > 0)
            {
                if (_file != file.Description || offset < _start || offset >= _start + _count)
                {
                    Fetch(file, offset);
                }

                int from = (int)(offset - _start), count = Math.Min(destination.Length, _count - from);
                _bytes.AsSpan(from, count).CopyTo(destination);
                destination = destination[count..];
                offset += count;
            }
        }
    }

    private void Fetch(BlobFile file, long offset)
    {
        bool goesOn = _file == file.Description && offset == _start + _count;
        long wanted = goesOn ? Math.Min(2L * _bytes.Length, Math.Min(Array.MaxLength, (long)options.TransferSize * options.Parallelism)) : FirstBytes;
        _count = 0;
        int count = (int)Math.Min(wanted, file.Length - offset);
        if (_bytes.Length != wanted)
        {
            _bytes = new byte[wanted];
        }

        FetchAsync(file, offset, count).GetAwaiter().GetResult();
        (_file, _start, _count) = (file.Description, offset, count);
    }

    private async Task FetchAsync(BlobFile file, long offset, int count)
    {
        try
        {
            await Task.WhenAll(Enumerable.Range(0, (count + options.TransferSize - 1) / options.TransferSize).Select(index =>
            {
                int from = index * options.TransferSize;
                Memory<byte> part = _bytes.AsMemory(from, Math.Min(options.TransferSize, count - from));
                return BlobReader.DownloadAsync(file.Blob, offset + from, part, file.Version.Tag, cancellation);
            })).ConfigureAwait(false);
        }
        catch (RequestFailedException failure) when (failure.Status is 404 or 412)
        {
            throw new ChangedInputException($"'{file.Description}' was replaced or deleted while it was read. Begin again with what is there now", failure);
        }
        catch (Exception failure) when (BlobTexts.IsServiceFailure(failure, cancellation))
        {
            throw BlobTexts.Failed(file.Description, $"reading at {offset}", failure);
        }
    }
}
