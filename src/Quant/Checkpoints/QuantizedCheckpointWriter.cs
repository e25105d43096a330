using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Text.Json.Nodes;
using MambaQuant.Quant.Kernels;
using MambaQuant.Quant.Models;
using MambaQuant.Quant.Quantization;
using MambaQuant.Quant.Safetensors;

namespace MambaQuant.Quant.Checkpoints;

/// <summary>Writes a quantized checkpoint, part by part: the ends and the layers in any order, then everything that describes them.</summary>
/// <remarks>
/// Each part goes to the disk at once; completing copies the parts into the final weight files, so memory holds one part at most and
/// the disk for a moment the largest part twice. All is written into "name.partial" and renamed at the end; disposing earlier leaves
/// nothing. The bytes depend on what is given only. Not thread-safe.
/// </remarks>
public sealed class QuantizedCheckpointWriter : IDisposable
{
    /// <summary>Name of the file that says what a checkpoint was made from; every finished one has it.</summary>
    public const string ManifestName = "manifest.json";

    /// <summary>Name of the file with the resolved recipe.</summary>
    public const string RecipeName = "recipe.yaml";

    private const int CopyBytes = 1 << 20;

    private readonly IModelFiles _source;
    private readonly MambaConfig _config;
    private readonly QuantizedCheckpointOptions _options;
    private readonly PartialDirectory _directory;
    private readonly string _parts;
    private readonly QuantizedLayerLayout?[] _layers;
    private QuantizedEndsLayout? _ends;

    /// <summary>Starts a checkpoint.</summary>
    /// <param name="outputDirectory">The folder to make: absent, or empty.</param>
    /// <param name="source">The float checkpoint, whose config.json and tokenizer are carried over.</param>
    /// <param name="options">Options; null for the defaults.</param>
    /// <exception cref="OutputDirectoryException">The folder holds something, or another run writes it.</exception>
    public QuantizedCheckpointWriter(string outputDirectory, MambaCheckpoint source, QuantizedCheckpointOptions? options = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(outputDirectory);
        ArgumentNullException.ThrowIfNull(source);
        _options = options ?? new QuantizedCheckpointOptions();
        ArgumentOutOfRangeException.ThrowIfLessThan(_options.MaxShardBytes, 1, nameof(options));
        _source = source.Source;
        _config = source.Config;
        _layers = new QuantizedLayerLayout?[_config.LayerCount];
        _directory = PartialDirectory.Create(outputDirectory);
        _parts = Path.Combine(_directory.Path, "parts");
        Directory.CreateDirectory(_parts);
    }

    /// <summary>Files of the float checkpoint that are taken over as they are, where they exist.</summary>
    public static ImmutableArray<string> CopiedFiles { get; } =
    [
        "generation_config.json", "tokenizer.json", "tokenizer_config.json", "special_tokens_map.json",
        "added_tokens.json", "vocab.json", "merges.txt", "chat_template.jinja",
    ];

    private string EmbeddingsPart => Path.Combine(_parts, "embeddings.safetensors");

    private string HeadPart => Path.Combine(_parts, "head.safetensors");

    /// <summary>Bytes of the tensors of the parts written so far, as they will stand in the weight files.</summary>
    public long TensorBytes =>
        (_ends is null ? 0 : Sum(QuantizedTensorPlan.Embeddings(_config, _ends)) + Sum(QuantizedTensorPlan.Head(_config, _ends)))
        + _layers.Index().Where(part => part.Item is not null).Sum(part => Sum(QuantizedTensorPlan.Layer(_config, part.Item!, part.Index)));

    /// <summary>Bytes of the files that are carried over from a float checkpoint as they are.</summary>
    /// <param name="sourceDirectory">Its folder.</param>
    public static long CopiedBytes(string sourceDirectory) => CopiedFiles
        .Select(name => new FileInfo(Path.Combine(sourceDirectory, name)))
        .Where(file => file.Exists)
        .Sum(file => file.Length);

    /// <summary>Refuses a place at which no checkpoint can be written: it holds something, or something is in the way beside it.</summary>
    /// <param name="outputDirectory">The folder to make.</param>
    /// <exception cref="OutputDirectoryException">Names what is there and the next step.</exception>
    public static void EnsureFree(string outputDirectory)
    {
        ArgumentException.ThrowIfNullOrEmpty(outputDirectory);
        PartialDirectory.EnsureFree(outputDirectory);
    }

    /// <summary>Writes embeddings, final norm and head.</summary>
    /// <param name="memory">Memory of the backend that owns them.</param>
    /// <param name="ends">The ends; not kept.</param>
    /// <exception cref="ArgumentException">Codes and arguments do not fit together.</exception>
    /// <exception cref="InvalidOperationException">The ends are written already.</exception>
    /// <exception cref="IOException">The disk is full or failed.</exception>
    public void AddEnds(ITensorMemory memory, QuantizedEnds ends)
    {
        ArgumentNullException.ThrowIfNull(memory);
        (string embeddings, string head) = PlaceEnds(QuantizedEndsLayout.Of(ends));
        QuantizedPartWriter.WriteEmbeddings(memory, embeddings, _config, ends);
        QuantizedPartWriter.WriteHead(memory, head, _config, ends);
    }

    /// <summary>Makes room for embeddings and head that were made elsewhere (<see cref="QuantizedParts"/>).</summary>
    /// <param name="layout">How they are quantized.</param>
    /// <returns>Where the caller puts the two files before it completes the checkpoint.</returns>
    /// <exception cref="InvalidOperationException">The ends are written already.</exception>
    public (string Embeddings, string Head) PlaceEnds(QuantizedEndsLayout layout)
    {
        ArgumentNullException.ThrowIfNull(layout);
        if (_ends is not null)
        {
            throw new InvalidOperationException("the ends are written already");
        }

        _ends = layout;
        return (EmbeddingsPart, HeadPart);
    }

    /// <summary>Writes a layer.</summary>
    /// <param name="memory">Memory of the backend that owns it.</param>
    /// <param name="layer">The layer; not kept.</param>
    /// <exception cref="ArgumentException">Codes and arguments do not fit together.</exception>
    /// <exception cref="InvalidOperationException">The layer is written already.</exception>
    /// <exception cref="IOException">The disk is full or failed.</exception>
    public void AddLayer(ITensorMemory memory, QuantizedLayer layer)
    {
        ArgumentNullException.ThrowIfNull(memory);
        ArgumentNullException.ThrowIfNull(layer);
        string path = PlaceLayer(layer.Layer, QuantizedLayerLayout.Of(MambaFamily.For(_config), layer));
        QuantizedPartWriter.WriteLayer(memory, path, _config, layer);
    }

    /// <summary>Makes room for a layer that was made elsewhere (<see cref="QuantizedParts"/>).</summary>
    /// <param name="layer">Index of the layer.</param>
    /// <param name="layout">How it is quantized.</param>
    /// <returns>Where the caller puts the file before it completes the checkpoint.</returns>
    /// <exception cref="ArgumentException">The layer differs from the others in what happens at run time.</exception>
    /// <exception cref="InvalidOperationException">The layer is written already.</exception>
    public string PlaceLayer(int layer, QuantizedLayerLayout layout)
    {
        ArgumentNullException.ThrowIfNull(layout);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)layer, (uint)_layers.Length, nameof(layer));
        if (_layers[layer] is not null)
        {
            throw new InvalidOperationException($"layer {layer} is written already");
        }

        if (Array.Find(_layers, other => other is not null) is QuantizedLayerLayout first && !first.HasSameRuntime(layout))
        {
            throw new ArgumentException($"layer {layer} differs from the others in scan, online rotations or gate; one choice for all layers is stored", nameof(layout));
        }

        _layers[layer] = layout;
        return LayerPart(layer);
    }

    /// <summary>Copies the parts together, writes everything else and gives the folder its final name.</summary>
    /// <param name="documents">Recipe, manifest, report.</param>
    /// <returns>What was written, in order.</returns>
    /// <exception cref="InvalidOperationException">A layer or the ends are missing.</exception>
    /// <exception cref="IOException">The disk is full or failed; nothing is left.</exception>
    public IReadOnlyList<WrittenTensor> Complete(QuantizedCheckpointDocuments documents)
    {
        ArgumentNullException.ThrowIfNull(documents);
        int missing = Array.IndexOf(_layers, null);
        if (missing >= 0 || _ends is null)
        {
            throw new InvalidOperationException($"the checkpoint is not complete: {(_ends is null ? "embeddings and head" : $"layer {missing}")} missing");
        }

        var layout = new QuantizedModelLayout(_ends, [.. _layers!]);
        IReadOnlyList<WrittenTensor> written = CopyParts(layout);
        Directory.Delete(_parts, recursive: true);
        JsonNode config = JsonNode.Parse(_source.ReadAll(MambaConfigReader.FileName))!;
        WriteText(MambaConfigReader.FileName, QuantizedConfigWriter.Write(config.AsObject(), _config, layout, _options.Producer));
        WriteText(RecipeName, documents.Recipe);
        WriteText(ManifestName, documents.Manifest.ToJson(_options.Producer, written));
        WriteText("report.json", CheckpointReportJson.Write(documents.Report));
        WriteText("report.md", CheckpointReportMarkdown.Write(documents.Report));
        if (documents.Pictures is not null)
        {
            WriteText(CheckpointPictures.FileName, documents.Pictures.ToJson());
        }

        if (documents.Run is not null)
        {
            WriteText("run.json", documents.Run);
        }

        foreach (string name in CopiedFiles.Where(_source.Contains))
        {
            // Not a file copy: that would hand on the source's read-only mark, and the result is the user's own.
            File.WriteAllBytes(Path.Combine(_directory.Path, name), _source.ReadAll(name));
        }

        _directory.Publish();
        return written;
    }

    /// <summary>Deletes what was written, unless the checkpoint was completed.</summary>
    public void Dispose() => _directory.Dispose();

    private static long Sum(IEnumerable<SafetensorsDeclaration> tensors) => tensors.Sum(tensor => tensor.SizeBytes);

    private string LayerPart(int layer) => Path.Combine(_parts, $"layer-{layer:D5}.safetensors");

    private void WriteText(string name, string text) => File.WriteAllText(Path.Combine(_directory.Path, name), text);

    private List<WrittenTensor> CopyParts(QuantizedModelLayout layout)
    {
        var written = new List<WrittenTensor>();
        using var target = new ShardedSafetensorsWriter(
            _directory.Path,
            [.. QuantizedTensorPlan.All(_config, layout)],
            _options.MaxShardBytes,
            new Dictionary<string, string> { ["format"] = "pt" });
        CopyPart(EmbeddingsPart, QuantizedTensorPlan.Embeddings(_config, layout.Ends));
        for (int layer = 0; layer < _layers.Length; layer++)
        {
            CopyPart(LayerPart(layer), QuantizedTensorPlan.Layer(_config, layout.Layers[layer], layer));
        }

        CopyPart(HeadPart, QuantizedTensorPlan.Head(_config, layout.Ends));
        target.Complete();
        return written;

        void CopyPart(string path, IEnumerable<SafetensorsDeclaration> plan)
        {
            using (SafetensorsFile part = SafetensorsFile.Open(path))
            {
                written.AddRange(plan.Select(tensor => Copy(part, tensor.Name, target)));
            }

            File.Delete(path);
        }
    }

    private static WrittenTensor Copy(SafetensorsFile part, string name, ShardedSafetensorsWriter target)
    {
        if (!part.TryGet(name, out SafetensorsEntry? entry))
        {
            throw new InvalidCheckpointException($"'{part.Path}' lacks the tensor '{name}' that was written to it. Another program changed it: run again.");
        }

        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var buffer = new byte[(int)Math.Min(CopyBytes, entry.SizeBytes)];
        SafetensorsWriter shard = target.For(name);
        for (long done = 0; done < entry.SizeBytes; done += buffer.Length)
        {
            Span<byte> bytes = buffer.AsSpan(0, (int)Math.Min(buffer.Length, entry.SizeBytes - done));
            part.ReadBytes(entry, bytes, done);
            hash.AppendData(bytes);
            shard.WriteBytes(name, bytes);
        }

        return new WrittenTensor(name, entry.SizeBytes, Convert.ToHexStringLower(hash.GetHashAndReset()));
    }
}
