using MambaQuant.Pipeline.Artifacts;

namespace MambaQuant.Pipeline.Inputs;

/// <summary>Reads uploaded files at any position, in chunks of which the last few are kept; every byte was compared with its checksum by the store.</summary>
/// <remarks>
/// Reading goes on in one open range as long as it moves forward: its length doubles each time it is read to its end, from <see cref="FirstRange"/> to
/// <see cref="LongestRange"/>, and begins anew after a jump. So a header costs one range, a large tensor some, and little is fetched in vain. Memory: the
/// chunks, and what the store fetches ahead of one stream. One reader serves all files of a model. Thread-safe, one read at a time. It waits for the store
/// on the calling thread, since those who read weights do: never call it where a thread must not wait.
/// </remarks>
/// <param name="store">The store.</param>
internal sealed class StoredInputReader(IArtifactStore store)
{
    /// <summary>Bytes that are fetched at once; the store's ranges begin at multiples.</summary>
    public const int ChunkBytes = 1 << 20;

    /// <summary>Chunks that are kept.</summary>
    public const int KeptChunks = 8;

    /// <summary>Bytes of the first range after a jump.</summary>
    public const long FirstRange = 4L << 20;

    /// <summary>Bytes of the longest range.</summary>
    public const long LongestRange = 256L << 20;

    private readonly Lock _lock = new();
    private readonly LinkedList<Chunk> _chunks = new();
    private Stream? _stream;
    private string _streamed = "";
    private long _position;
    private long _end;
    private long _range;
    private int _users;

    /// <summary>Looks a file up, and counts it as open.</summary>
    /// <param name="file">The file.</param>
    /// <returns>Its bytes.</returns>
    /// <exception cref="ChangedInputException">It is missing or damaged.</exception>
    /// <exception cref="ArtifactStoreException">The store cannot be read.</exception>
    public long Open(InputFile file)
    {
        long length = Guard(file, () => store.HeadAsync(StoredInputs.NameOf(file.Sha256), CancellationToken.None).GetAwaiter().GetResult() is { } found
            ? found.Length
            : throw StoreTexts.NotFound(store.Description, StoredInputs.NameOf(file.Sha256)));
        lock (_lock)
        {
            _users++;
        }

        return length;
    }

    /// <summary>A file is closed; with the last one everything that was kept goes.</summary>
    public void Close()
    {
        lock (_lock)
        {
            if (--_users == 0)
            {
                Leave();
                _chunks.Clear();
            }
        }
    }

    /// <summary>Where a file lies, for messages.</summary>
    /// <param name="file">The file.</param>
    public string Locate(InputFile file) => $"{store.Description}/{StoredInputs.NameOf(file.Sha256)} ({file.Name})";

    /// <summary>Reads a run of bytes that the file has.</summary>
    /// <param name="file">An open file.</param>
    /// <param name="length">Its bytes.</param>
    /// <param name="destination">Receives them.</param>
    /// <param name="offset">The first.</param>
    public void Read(InputFile file, long length, Span<byte> destination, long offset)
    {
        lock (_lock)
        {
            while (destination.Length > 0)
            {
                byte[] chunk = ChunkOf(file, length, offset / ChunkBytes);
                int from = (int)(offset % ChunkBytes), count = Math.Min(destination.Length, chunk.Length - from);
                chunk.AsSpan(from, count).CopyTo(destination);
                destination = destination[count..];
                offset += count;
            }
        }
    }

    private byte[] ChunkOf(InputFile file, long length, long index)
    {
        for (LinkedListNode<Chunk>? node = _chunks.First; node is not null; node = node.Next)
        {
            if (node.Value.Index == index && node.Value.Sha256 == file.Sha256)
            {
                _chunks.Remove(node);
                _chunks.AddFirst(node);
                return node.Value.Bytes;
            }
        }

        // The oldest one's memory serves again, unless it is the short end of a file.
        long start = index * ChunkBytes;
        int count = (int)Math.Min(ChunkBytes, length - start);
        byte[] bytes = _chunks.Count == KeptChunks && _chunks.Last!.Value.Bytes.Length == count ? _chunks.Last.Value.Bytes : new byte[count];
        if (_chunks.Count == KeptChunks)
        {
            _chunks.RemoveLast();
        }

        Guard(file, () => Fetch(file, length, start, bytes));
        _chunks.AddFirst(new Chunk(file.Sha256, index, bytes));
        return bytes;
    }

    private bool Fetch(InputFile file, long length, long start, byte[] bytes)
    {
        bool hasRead = false;
        try
        {
            if (_stream is null || _streamed != file.Sha256 || _position != start || _position == _end)
            {
                bool goesOn = _streamed == file.Sha256 && _position == start && start > 0;
                Leave();
                _range = goesOn ? Math.Min(2 * _range, LongestRange) : FirstRange;
                (_streamed, _position, _end) = (file.Sha256, start, Math.Min(length, start + _range));
                _stream = store.OpenReadAsync(StoredInputs.NameOf(file.Sha256), start, _end - start, CancellationToken.None).GetAwaiter().GetResult();
            }

            _stream.ReadExactly(bytes);
            _position += bytes.Length;
            hasRead = true;
            return true;
        }
        finally
        {
            if (!hasRead)
            {
                Leave();
                _streamed = "";
            }
        }
    }

    /// <summary>Tells a file that is missing or damaged; a damaged one is removed, so that the next upload puts it again.</summary>
    private T Guard<T>(InputFile file, Func<T> read)
    {
        try
        {
            return read();
        }
        catch (ArtifactNotFoundException missing)
        {
            throw StoredInputs.Unusable(store, file.Name, file.Sha256, "nothing", missing);
        }
        catch (CorruptArtifactException corrupt)
        {
            store.DeleteAsync(StoredInputs.NameOf(file.Sha256), CancellationToken.None).GetAwaiter().GetResult();
            throw StoredInputs.Unusable(store, file.Name, file.Sha256, $"that it is damaged ({corrupt.Fault}) and has removed it", corrupt);
        }
    }

    private void Leave()
    {
        _stream?.Dispose();
        _stream = null;
    }

    private readonly record struct Chunk(string Sha256, long Index, byte[] Bytes);
}
