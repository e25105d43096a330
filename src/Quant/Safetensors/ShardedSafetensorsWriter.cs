using System.Collections.ObjectModel;

namespace MambaQuant.Quant.Safetensors;

/// <summary>Writes the weights of a model folder: one file, or shards with an index where they exceed a size.</summary>
/// <remarks>
/// Tensors fill the shards in the order of the plan, a shard being closed before the next tensor would exceed the size; one
/// tensor larger than that has a shard of its own. One shard is open at a time, so tensors of one shard are finished before
/// the first of the next is begun. All files keep their partial names until <see cref="Complete"/>; disposing earlier leaves nothing.
/// The bytes depend on plan, shard size, metadata and values only. Not thread-safe.
/// </remarks>
public sealed class ShardedSafetensorsWriter : IDisposable
{
    private readonly string _directory;
    private readonly IReadOnlyDictionary<string, string>? _metadata;
    private readonly List<List<SafetensorsDeclaration>> _plan;
    private readonly Dictionary<string, int> _shardOf = new(StringComparer.Ordinal);
    private readonly List<SafetensorsWriter> _writers = [];

    /// <summary>Starts a checkpoint.</summary>
    /// <param name="directory">An existing folder.</param>
    /// <param name="tensors">Everything that will be written, in the order of writing.</param>
    /// <param name="maxShardBytes">The bytes of values at which a new shard begins, at least 1.</param>
    /// <param name="metadata">Free text for every header; none by default.</param>
    /// <exception cref="ArgumentException">A name is declared twice.</exception>
    public ShardedSafetensorsWriter(
        string directory,
        IReadOnlyList<SafetensorsDeclaration> tensors,
        long maxShardBytes,
        IReadOnlyDictionary<string, string>? metadata = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(directory);
        ArgumentNullException.ThrowIfNull(tensors);
        ArgumentOutOfRangeException.ThrowIfLessThan(maxShardBytes, 1);
        _directory = directory;
        _metadata = metadata;
        _plan = Cut(tensors, maxShardBytes);
        for (int shard = 0; shard < _plan.Count; shard++)
        {
            foreach (SafetensorsDeclaration tensor in _plan[shard])
            {
                if (!_shardOf.TryAdd(tensor.Name, shard))
                {
                    throw new ArgumentException($"tensor '{tensor.Name}' is declared twice", nameof(tensors));
                }
            }
        }

        FileNames = Enumerable.Range(0, _plan.Count).Select(NameOf).ToList().AsReadOnly();
    }

    /// <summary>The names of the weight files, in order of writing; the index is not among them.</summary>
    public ReadOnlyCollection<string> FileNames { get; }

    /// <summary>The writer of the shard that holds a tensor; opens it, and seals the one before, when its turn comes.</summary>
    /// <param name="name">A declared tensor.</param>
    /// <returns>The writer to which the tensor's values are given. Neither complete nor dispose it.</returns>
    /// <exception cref="ArgumentException">The name was not declared.</exception>
    /// <exception cref="InvalidOperationException">The shard is already sealed, or the one before is not written to its end.</exception>
    /// <exception cref="IOException">The disk is full or failed.</exception>
    public SafetensorsWriter For(string name)
    {
        if (!_shardOf.TryGetValue(name, out int shard))
        {
            throw new ArgumentException($"tensor '{name}' was not declared for '{_directory}'", nameof(name));
        }

        if (shard < _writers.Count - 1)
        {
            throw new InvalidOperationException($"tensor '{name}' belongs to '{FileNames[shard]}', which is already sealed: write tensors in planned order");
        }

        while (shard >= _writers.Count)
        {
            OpenNext();
        }

        return _writers[^1];
    }

    /// <summary>Finishes the checkpoint: all files get their final names, the index last.</summary>
    /// <exception cref="InvalidOperationException">A tensor is not written to its end; it is named.</exception>
    /// <exception cref="IOException">The disk is full or failed.</exception>
    public void Complete()
    {
        while (_writers.Count < _plan.Count)
        {
            OpenNext();
        }

        _writers[^1].Seal();
        foreach (SafetensorsWriter writer in _writers)
        {
            writer.Publish();
        }

        if (_plan.Count > 1)
        {
            CheckpointIndex.Write(
                Path.Combine(_directory, CheckpointTensors.IndexFileName),
                _shardOf.Select(pair => KeyValuePair.Create(pair.Key, FileNames[pair.Value])),
                _plan.Sum(shard => shard.Sum(tensor => tensor.SizeBytes)));
        }
    }

    /// <summary>Closes all files; unless the checkpoint was completed, deletes what was written.</summary>
    public void Dispose() => _writers.ForEach(writer => writer.Dispose());

    private static List<List<SafetensorsDeclaration>> Cut(IReadOnlyList<SafetensorsDeclaration> tensors, long maxShardBytes)
    {
        var shards = new List<List<SafetensorsDeclaration>> { new() };
        long filled = 0;
        foreach (SafetensorsDeclaration tensor in tensors)
        {
            if (shards[^1].Count > 0 && filled > maxShardBytes - tensor.SizeBytes)
            {
                shards.Add([]);
                filled = 0;
            }

            shards[^1].Add(tensor);
            filled = checked(filled + tensor.SizeBytes);
        }

        return shards;
    }

    private string NameOf(int shard) =>
        _plan.Count == 1 ? CheckpointTensors.SingleFileName : $"model-{shard + 1:D5}-of-{_plan.Count:D5}.safetensors";

    private void OpenNext()
    {
        if (_writers.Count > 0)
        {
            _writers[^1].Seal();
        }

        int shard = _writers.Count;
        _writers.Add(new SafetensorsWriter(Path.Combine(_directory, FileNames[shard]), _plan[shard], _metadata));
    }
}
