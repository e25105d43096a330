using System.Collections.Concurrent;
using MambaQuant.Quant.Checkpoints;

namespace MambaQuant.Pipeline.Planning;

/// <summary>SHA-256 of files, each read once: a hash holds as long as the file's length and the time of its last write stay as they were.</summary>
/// <remarks>
/// Thread-safe; one for a process, so that what planned a job and all workers beside it read a model once between them. A file that is written while it is
/// hashed is hashed again at the next call.
/// </remarks>
public sealed class FileHashes
{
    private readonly ConcurrentDictionary<string, Entry> _entries = new(StringComparer.Ordinal);

    /// <summary>How many files were read so far, each time counted.</summary>
    public int Reads { get; private set; }

    /// <summary>The hash of a file's bytes, as 64 lower-case hexadecimal digits.</summary>
    /// <param name="path">The file.</param>
    /// <remarks>Cost: the first time the whole file, at the rate of disk or of SHA-256 (1 to 2 GB/s a core), whichever is slower; afterwards a look at the directory.</remarks>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public string Of(string path)
    {
        string full = Path.GetFullPath(path);
        Entry entry = _entries.GetOrAdd(full, _ => new Entry());
        lock (entry)
        {
            (long Length, DateTime Written) before = Stamp(full);
            if (entry.Hash is null || entry.Stamp != before)
            {
                string hash = ContentHash.OfFile(full);
                CountRead();
                bool isSettled = Stamp(full) == before;
                (entry.Hash, entry.Stamp) = (isSettled ? hash : null, before);
                return hash;
            }

            return entry.Hash;
        }
    }

    private static (long Length, DateTime Written) Stamp(string path)
    {
        var file = new FileInfo(path);
        return (file.Length, file.LastWriteTimeUtc);
    }

    private void CountRead()
    {
        lock (_entries)
        {
            Reads++;
        }
    }

    private sealed class Entry
    {
        public string? Hash { get; set; }

        public (long Length, DateTime Written) Stamp { get; set; }
    }
}
