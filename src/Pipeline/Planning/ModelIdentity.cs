using System.Collections.Immutable;
using MambaQuant.Quant.Checkpoints;
using MambaQuant.Quant.Models;
using MambaQuant.Quant.Safetensors;

namespace MambaQuant.Pipeline.Planning;

/// <summary>Which float model a job works on: its dimensions, and the hashes of what its files hold.</summary>
/// <remarks>A plan needs no weights: for a model known by its dimensions alone the hashes are absent, and nothing can be executed.</remarks>
public sealed record ModelIdentity
{
    // Published checkpoints hold two bytes a weight.
    private const int BytesPerWeight = 2;

    /// <summary>A name for people; no key depends on it.</summary>
    public required string Name { get; init; }

    /// <summary>The dimensions.</summary>
    public required MambaConfig Config { get; init; }

    /// <summary>SHA-256 of the weight files and of config.json, by file name; empty for a model known by its dimensions alone.</summary>
    public ImmutableSortedDictionary<string, string> Files
    {
        get;
        init => field = value.WithComparers(StringComparer.Ordinal);
    } = ImmutableSortedDictionary.Create<string, string>(StringComparer.Ordinal);

    /// <summary>What decides the values of every tensor, by name; a tied head that is there as a copy is none. Empty where <see cref="Files"/> is, and in plans of format 1.</summary>
    public ImmutableSortedDictionary<string, TensorIdentity> Tensors
    {
        get;

        // A document of format 1 has none, which the reader gives as null.
        init => field = value?.WithComparers(StringComparer.Ordinal) ?? field;
    } = ImmutableSortedDictionary.Create<string, TensorIdentity>(StringComparer.Ordinal);

    /// <summary>SHA-256 of the index of a sharded checkpoint; null where one file holds all. It decides nothing, and is in no key.</summary>
    public string? Index { get; init; }

    /// <summary>The file of every tensor, in plans of format 1 of a sharded checkpoint, which hash files only; else empty.</summary>
    public ImmutableSortedDictionary<string, string> TensorFiles
    {
        get;
        init => field = value.WithComparers(StringComparer.Ordinal);
    } = ImmutableSortedDictionary.Create<string, string>(StringComparer.Ordinal);

    /// <summary>SHA-256 of the files that a quantized checkpoint takes over as they are, by file name.</summary>
    public ImmutableSortedDictionary<string, string> Companions
    {
        get;
        init => field = value.WithComparers(StringComparer.Ordinal);
    } = ImmutableSortedDictionary.Create<string, string>(StringComparer.Ordinal);

    /// <summary>SHA-256 of every file that a job reads or takes over, by file name.</summary>
    internal ImmutableSortedDictionary<string, string> AllFiles => Index is null
        ? Files.AddRange(Companions)
        : Files.AddRange(Companions).Add(CheckpointTensors.IndexFileName, Index);

    /// <summary>Bytes of all tensors.</summary>
    public required long TensorBytes { get; init; }

    /// <summary>The identity of an open checkpoint.</summary>
    /// <param name="checkpoint">The model.</param>
    /// <remarks>Cost: reads the model's files once, to hash them.</remarks>
    public static ModelIdentity Of(MambaCheckpoint checkpoint) => Of(checkpoint, new FileHashes());

    /// <summary>The identity of an open checkpoint.</summary>
    /// <param name="checkpoint">The model.</param>
    /// <param name="hashes">The process's hashes; workers that have the same ones need not read the files again to check them.</param>
    /// <remarks>Cost: reads the files that were not read before.</remarks>
    public static ModelIdentity Of(MambaCheckpoint checkpoint, FileHashes hashes)
    {
        ArgumentNullException.ThrowIfNull(checkpoint);
        ArgumentNullException.ThrowIfNull(hashes);
        IModelFiles source = checkpoint.Source;
        ImmutableSortedDictionary<string, string>.Builder files = ImmutableSortedDictionary.CreateBuilder<string, string>(StringComparer.Ordinal);
        ImmutableSortedDictionary<string, TensorIdentity>.Builder tensors = ImmutableSortedDictionary.CreateBuilder<string, TensorIdentity>(StringComparer.Ordinal);
        foreach (SafetensorsFile file in checkpoint.Tensors.Files)
        {
            WeightFileHashes content = hashes.OfWeights(file);
            files.Add(file.Name, content.File);
            tensors.AddRange(file.Tensors.Select(tensor => KeyValuePair.Create(tensor.Name, new TensorIdentity(tensor.DType, content.Tensors[tensor.Name]))));
        }

        if (!checkpoint.HasSeparateHead)
        {
            tensors.Remove(MambaTensors.Head);
        }

        files.Add(MambaConfigReader.FileName, HashOf(MambaConfigReader.FileName));
        return new ModelIdentity
        {
            Name = Path.GetFileName(Path.TrimEndingDirectorySeparator(Path.GetFullPath(checkpoint.Directory))),
            Config = checkpoint.Config,
            Files = files.ToImmutable(),
            Tensors = tensors.ToImmutable(),
            Index = source.Contains(CheckpointTensors.SingleFileName) ? null : HashOf(CheckpointTensors.IndexFileName),
            Companions = QuantizedCheckpointWriter.CopiedFiles
                .Where(source.Contains)
                .ToImmutableSortedDictionary(name => name, HashOf, StringComparer.Ordinal),
            TensorBytes = checkpoint.TensorBytes,
        };

        string HashOf(string name)
        {
            using IByteSource file = source.Open(name);
            return hashes.Of(file);
        }
    }

    /// <summary>The identity of a model of which only the dimensions are known.</summary>
    /// <param name="name">Its name, such as "mamba-2.8b".</param>
    /// <param name="config">Its dimensions.</param>
    public static ModelIdentity OfShape(string name, MambaConfig config)
    {
        ArgumentNullException.ThrowIfNull(config);
        double weights = (config.LayerCount * ModelOperations.LayerWeights(config)) + ((config.TieEmbeddings ? 1.0 : 2.0) * config.VocabularySize * config.DModel);
        return new ModelIdentity { Name = name, Config = config, TensorBytes = (long)(BytesPerWeight * weights) };
    }

    /// <summary>What decides the values of some tensors: their element types and hashes, wherever they lie; in plans of format 1 the hash of every file that holds one of them.</summary>
    /// <param name="tensors">Full names; those that the model does not have count for nothing.</param>
    /// <returns>"name hash" lines in ordinal order; the name of the model alone where there are no files.</returns>
    internal IEnumerable<string> HashesOf(IEnumerable<string> tensors)
    {
        if (Files.IsEmpty)
        {
            return [$"shape {Name}"];
        }

        if (!Tensors.IsEmpty)
        {
            return tensors.Where(Tensors.ContainsKey).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)
                .Select(tensor => $"{tensor} {Tensors[tensor].DType} {Tensors[tensor].Sha256}");
        }

        return TensorFiles.IsEmpty
            ? Files.Where(file => file.Key != MambaConfigReader.FileName).Select(Line)
            : tensors.Where(TensorFiles.ContainsKey).Select(tensor => TensorFiles[tensor]).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)
                .Select(file => Line(KeyValuePair.Create(file, Files[file])));

        static string Line(KeyValuePair<string, string> file) => $"{file.Key} {file.Value}";
    }
}
