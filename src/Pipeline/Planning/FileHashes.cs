using System.Collections.Concurrent;
using MambaQuant.Quant.Checkpoints;
using MambaQuant.Quant.Safetensors;

namespace MambaQuant.Pipeline.Planning;

/// <summary>SHA-256 of files and of tensors in them, each read once: a hash holds as long as the file's length and the time of its last write stay as they were.</summary>
/// <remarks>
/// Thread-safe; one for a process, so that what planned a job and all workers beside it read a model once between them. A file that is written while it is
/// hashed is hashed again at the next call. Length and time are those of the open file, not of its name: one that was renamed over is another file.
/// </remarks>
public sealed class FileHashes
{
    private readonly ConcurrentDictionary<(string Path, long Length, DateTime? Written), Entry> _entries = new();
    private int _reads;
    private int _tensorReads;

    /// <summary>How many files were read so far, each time counted.</summary>
    public int Reads => _reads;

    /// <summary>How many tensors were read by themselves so far, each time counted.</summary>
    public int TensorReads => _tensorReads;

    /// <summary>The hash of a file's bytes, as 64 lower-case hexadecimal digits.</summary>
    /// <param name="path">The file.</param>
    /// <inheritdoc cref="Of(IByteSource)" path="/remarks"/>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public string Of(string path)
    {
        using var file = new DiskFile(path);
        return Of(file);
    }

    /// <summary>The hash of an open file's bytes.</summary>
    /// <param name="file">The file; not owned.</param>
    /// <remarks>Cost: the first time the whole file, at the rate of disk or of SHA-256 (1 to 2 GB/s a core), whichever is slower; afterwards a look at its length.</remarks>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public string Of(IByteSource file)
    {
        ArgumentNullException.ThrowIfNull(file);
        Entry entry = EntryOf(file);
        lock (entry)
        {
            return entry.File ?? Compute(file, () => ContentHash.Of(file), ref _reads, hash => entry.File = hash);
        }
    }

    /// <summary>The hashes of a weight file and of all its tensors.</summary>
    /// <param name="file">The open file; not owned.</param>
    /// <remarks>Cost: the first time the whole file, read once and hashed twice; afterwards a look at its length.</remarks>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public WeightFileHashes OfWeights(SafetensorsFile file)
    {
        ArgumentNullException.ThrowIfNull(file);
        Entry entry = EntryOf(file.Source);
        lock (entry)
        {
            return entry.Weights ?? Compute(file.Source, () => WeightFileHashes.Of(file), ref _reads, hashes => (entry.Weights, entry.File) = (hashes, hashes.File));
        }
    }

    /// <summary>The hash of one tensor's bytes.</summary>
    /// <param name="tensor">The tensor.</param>
    /// <remarks>Cost: the first time the tensor, at the rate of disk or of SHA-256; afterwards, or where the whole file was hashed, a look at the file's length.</remarks>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public string OfTensor(CheckpointTensor tensor)
    {
        Entry entry = EntryOf(tensor.File.Source);
        lock (entry)
        {
            return entry.Weights?.Tensors.GetValueOrDefault(tensor.Entry.Name)
                ?? entry.Tensors.GetValueOrDefault(tensor.Entry)
                ?? Compute(tensor.File.Source, () => WeightFileHashes.OfTensor(tensor), ref _tensorReads, hash => entry.Tensors[tensor.Entry] = hash);
        }
    }

    private static T Compute<T>(IByteSource file, Func<T> compute, ref int reads, Action<T> keep)
    {
        (long, DateTime?) before = (file.Length, file.LastWrite);
        T computed = compute();
        Interlocked.Increment(ref reads);
        if ((file.Length, file.LastWrite) == before)
        {
            keep(computed);
        }

        return computed;
    }

    private Entry EntryOf(IByteSource file) => _entries.GetOrAdd((Path.GetFullPath(file.Description), file.Length, file.LastWrite), _ => new Entry());

    private sealed class Entry
    {
        public string? File { get; set; }

        public WeightFileHashes? Weights { get; set; }

        public Dictionary<SafetensorsEntry, string> Tensors { get; } = [];
    }
}
