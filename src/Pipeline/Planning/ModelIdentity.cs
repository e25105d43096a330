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

    /// <summary>The file of every tensor, where there are several; empty where one file holds all.</summary>
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
        IEnumerable<KeyValuePair<string, string>> places = checkpoint.Tensors.Files.Count < 2
            ? []
            : checkpoint.Tensors.Names.Select(name => KeyValuePair.Create(name, Path.GetFileName(checkpoint.Tensors.Get(name).File.Path)));
        return new ModelIdentity
        {
            Name = Path.GetFileName(Path.TrimEndingDirectorySeparator(Path.GetFullPath(checkpoint.Directory))),
            Config = checkpoint.Config,
            Files = checkpoint.Tensors.Files.Select(file => file.Path)
                .Append(Path.Combine(checkpoint.Directory, MambaConfigReader.FileName))
                .ToImmutableSortedDictionary(path => Path.GetFileName(path), hashes.Of, StringComparer.Ordinal),
            TensorFiles = places.ToImmutableSortedDictionary(StringComparer.Ordinal),
            Companions = QuantizedCheckpointWriter.CopiedFiles
                .Select(name => (Name: name, Path: Path.Combine(checkpoint.Directory, name)))
                .Where(file => File.Exists(file.Path))
                .ToImmutableSortedDictionary(file => file.Name, file => hashes.Of(file.Path), StringComparer.Ordinal),
            TensorBytes = checkpoint.TensorBytes,
        };
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

    /// <summary>What decides the values of some tensors: the hash of every file that holds one of them.</summary>
    /// <param name="tensors">Full names.</param>
    /// <returns>"file hash" lines in ordinal order; the name alone where there are no files.</returns>
    internal IEnumerable<string> HashesOf(IEnumerable<string> tensors)
    {
        if (Files.IsEmpty)
        {
            return [$"shape {Name}"];
        }

        return TensorFiles.IsEmpty
            ? Files.Where(file => file.Key != MambaConfigReader.FileName).Select(Line)
            : tensors.Where(TensorFiles.ContainsKey).Select(tensor => TensorFiles[tensor]).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)
                .Select(file => Line(KeyValuePair.Create(file, Files[file])));

        static string Line(KeyValuePair<string, string> file) => $"{file.Key} {file.Value}";
    }
}
