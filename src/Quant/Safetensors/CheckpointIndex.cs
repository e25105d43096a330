using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Unicode;

namespace MambaQuant.Quant.Safetensors;

/// <summary>The index of a sharded checkpoint: which file holds which tensor.</summary>
/// <remarks>
/// Format: <c>{"metadata": {"total_size": bytes of all tensors}, "weight_map": {"tensor": "model-00001-of-00003.safetensors"}}</c>.
/// File names are plain names in the index's own folder; anything else could point out of it.
/// </remarks>
internal sealed class CheckpointIndex
{
    private const long MaxBytes = 100_000_000;
    private const string Refetch = "Fetch the model again, or convert it again.";

    private static readonly JsonWriterOptions _format = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, Indented = true };

    private readonly string _path;
    private readonly long? _totalSize;

    private CheckpointIndex(string path, Dictionary<string, string> weightMap, long? totalSize)
    {
        _path = path;
        _totalSize = totalSize;
        WeightMap = weightMap;
    }

    /// <summary>Tensor name to file name.</summary>
    public IReadOnlyDictionary<string, string> WeightMap { get; }

    /// <summary>Reads and checks an index.</summary>
    /// <param name="source">The file; not owned.</param>
    public static CheckpointIndex Read(IByteSource source)
    {
        string path = source.Description;
        long length = source.Length;
        if (length > MaxBytes)
        {
            throw Wrong(path, $"expected at most {MaxBytes} bytes, found {length}");
        }

        byte[] json = source.ReadAll();
        if (!Utf8.IsValid(json))
        {
            throw Wrong(path, "expected UTF-8 text, found other bytes");
        }

        try
        {
            using var document = JsonDocument.Parse(json, new JsonDocumentOptions { MaxDepth = 16 });
            if (document.RootElement.ValueKind != JsonValueKind.Object)
            {
                throw Wrong(path, $"expected a JSON object, found {document.RootElement.ValueKind}");
            }

            JsonElement? map = Single(path, document.RootElement, "weight_map");
            JsonElement? metadata = Single(path, document.RootElement, "metadata");
            return new CheckpointIndex(path, ReadWeightMap(path, map), ReadTotalSize(path, metadata));
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException)
        {
            // InvalidOperationException: an escape that is no Unicode text is found only when the string is taken.
            throw new InvalidSafetensorsException($"'{path}' is damaged: expected one JSON object ({exception.Message}). {Refetch}", exception);
        }
    }

    /// <summary>Writes an index, indented, tensors in ordinal order; beside its place first, then renamed.</summary>
    public static void Write(string path, IEnumerable<KeyValuePair<string, string>> weightMap, long totalSize)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(buffer, _format))
        {
            json.WriteStartObject();
            json.WriteStartObject("metadata");
            json.WriteNumber("total_size", totalSize);
            json.WriteEndObject();
            json.WriteStartObject("weight_map");
            foreach ((string tensor, string file) in weightMap.OrderBy(pair => pair.Key, StringComparer.Ordinal))
            {
                json.WriteString(tensor, file);
            }

            json.WriteEndObject();
            json.WriteEndObject();
        }

        buffer.Write("\n"u8);
        using var partial = new PartialFile(path, buffer.WrittenCount);
        partial.Write(buffer.WrittenSpan, 0);
        partial.Seal(flush: true);
        partial.Publish();
    }

    /// <summary>Checks the index against the shards: the same tensors in the same files, each once, and the same size.</summary>
    /// <param name="files">The shards, open.</param>
    public void EnsureAgrees(IReadOnlyList<SafetensorsFile> files)
    {
        var holders = new Dictionary<string, string>(StringComparer.Ordinal);
        long totalSize = 0;
        foreach (SafetensorsFile file in files)
        {
            string fileName = file.Name;
            foreach (SafetensorsEntry entry in file.Tensors)
            {
                if (!holders.TryAdd(entry.Name, fileName))
                {
                    throw Wrong(_path, $"tensor {SafetensorsErrors.Quote(entry.Name)} is in '{holders[entry.Name]}' and in '{fileName}', expected once");
                }

                if (!WeightMap.ContainsKey(entry.Name))
                {
                    throw Wrong(_path, $"tensor {SafetensorsErrors.Quote(entry.Name)} of '{fileName}' is not in weight_map");
                }

                totalSize = checked(totalSize + entry.SizeBytes);
            }
        }

        foreach ((string tensor, string file) in WeightMap)
        {
            if (!holders.TryGetValue(tensor, out string? found) || found != file)
            {
                string place = found is null ? "in none of the files" : $"in '{found}'";
                throw Wrong(_path, $"expected tensor {SafetensorsErrors.Quote(tensor)} in '{file}', found it {place}");
            }
        }

        if (_totalSize is long announced && announced != totalSize)
        {
            throw Wrong(_path, $"expected total_size {announced} bytes, found tensors of {totalSize}");
        }
    }

    private static Dictionary<string, string> ReadWeightMap(string path, JsonElement? element)
    {
        if (element is not { ValueKind: JsonValueKind.Object } map)
        {
            throw Wrong(path, "expected 'weight_map' to be an object of file names");
        }

        var weightMap = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (JsonProperty property in map.EnumerateObject())
        {
            string quoted = SafetensorsErrors.Quote(property.Name);
            if (property.Value.ValueKind != JsonValueKind.String)
            {
                throw Wrong(path, $"expected the file name of tensor {quoted} to be a string, found {property.Value.ValueKind}");
            }

            string file = property.Value.GetString()!;
            if (!IsPlainFileName(file))
            {
                throw Wrong(path, $"expected the file of tensor {quoted} to be a plain *.safetensors name in this folder, found {SafetensorsErrors.Quote(file)}");
            }

            if (!weightMap.TryAdd(property.Name, file))
            {
                throw Wrong(path, $"tensor {quoted} is in weight_map twice");
            }
        }

        return weightMap.Count > 0 ? weightMap : throw Wrong(path, "weight_map is empty");
    }

    private static long? ReadTotalSize(string path, JsonElement? metadata)
    {
        if (metadata is null)
        {
            return null;
        }

        if (metadata.Value.ValueKind != JsonValueKind.Object)
        {
            throw Wrong(path, $"expected 'metadata' to be an object, found {metadata.Value.ValueKind}");
        }

        if (Single(path, metadata.Value, "total_size") is not JsonElement size)
        {
            return null;
        }

        // Some writers give the size as a floating-point number, "1.6e9" or "1600.0": as long as it is whole, it is the same number.
        return size.ValueKind == JsonValueKind.Number && size.TryGetDecimal(out decimal value)
            && value == decimal.Truncate(value) && value is >= 0 and <= long.MaxValue
            ? (long)value
            : throw Wrong(path, $"expected total_size to be a whole number of bytes, found {SafetensorsErrors.Quote(size.GetRawText())}");
    }

    private static JsonElement? Single(string path, JsonElement parent, string name)
    {
        JsonElement? found = null;
        foreach (JsonProperty property in parent.EnumerateObject())
        {
            if (property.Name == name)
            {
                found = found is null ? property.Value : throw Wrong(path, $"the key '{name}' is there twice");
            }
        }

        return found;
    }

    private static bool IsPlainFileName(string file) =>
        file.EndsWith(".safetensors", StringComparison.Ordinal)
        && file.AsSpan().IndexOfAny("/\\:\0") < 0
        && !file.StartsWith('.');

    private static InvalidSafetensorsException Wrong(string path, string what) => new($"'{path}': {what}. {Refetch}");
}
