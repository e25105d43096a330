using System.Buffers.Binary;
using System.Text.Json;
using System.Text.Unicode;
using MambaQuant.Quant.Tensors;

namespace MambaQuant.Quant.Safetensors;

/// <summary>Reads and checks the header of a safetensors file: everything in it is distrusted.</summary>
/// <remarks>
/// Format: a little-endian 64-bit header length N, N bytes of UTF-8 JSON that start with '{', then the data.
/// <c>{"name": {"dtype": "F32", "shape": [2, 3], "data_offsets": [0, 24]}, ..., "__metadata__": {"key": "value"}}</c>,
/// offsets counted from the end of the header. The tensors tile the data exactly.
/// </remarks>
internal static class SafetensorsHeader
{
    /// <summary>The length of the field that holds the header's length.</summary>
    public const int PrefixBytes = 8;

    /// <summary>The largest header accepted; the same cap as the format's reference reader.</summary>
    public const long MaxBytes = 100_000_000;

    /// <summary>The key that holds free text instead of a tensor.</summary>
    public const string MetadataKey = "__metadata__";

    // Root, tensor, list: anything deeper is no header, and a bound keeps hostile nesting from costing anything.
    private const int MaxDepth = 4;

    /// <summary>Reads the length field.</summary>
    /// <param name="path">The file, for messages.</param>
    /// <param name="prefix">The first bytes of the file, at most <see cref="PrefixBytes"/>.</param>
    /// <param name="fileBytes">The length of the file.</param>
    /// <returns>A length that the file really has, so that a buffer of this size is safe to take.</returns>
    public static int ReadLength(string path, ReadOnlySpan<byte> prefix, long fileBytes)
    {
        if (prefix.Length < PrefixBytes)
        {
            throw SafetensorsErrors.TooShort(path, fileBytes);
        }

        ulong length = BinaryPrimitives.ReadUInt64LittleEndian(prefix);
        if (length > MaxBytes)
        {
            throw SafetensorsErrors.HeaderTooLong(path, length, MaxBytes);
        }

        long available = fileBytes - PrefixBytes;
        return (long)length <= available ? (int)length : throw SafetensorsErrors.HeaderBeyondEnd(path, (long)length, available);
    }

    /// <summary>Reads the JSON part.</summary>
    /// <param name="path">The file, for messages.</param>
    /// <param name="json">The header's bytes.</param>
    /// <param name="fileBytes">The length of the file.</param>
    /// <param name="metadata">Receives the free-text entries.</param>
    /// <returns>The tensors in the order of their data.</returns>
    public static List<SafetensorsEntry> Parse(string path, ReadOnlyMemory<byte> json, long fileBytes, Dictionary<string, string> metadata)
    {
        if (json.IsEmpty || json.Span[0] != (byte)'{')
        {
            throw SafetensorsErrors.HeaderStart(path, json.IsEmpty ? "nothing" : $"byte 0x{json.Span[0]:x2}");
        }

        if (!Utf8.IsValid(json.Span))
        {
            throw SafetensorsErrors.NotUtf8(path);
        }

        var entries = new List<SafetensorsEntry>();
        try
        {
            using var document = JsonDocument.Parse(json, new JsonDocumentOptions { MaxDepth = MaxDepth });
            var names = new HashSet<string>(StringComparer.Ordinal);
            foreach (JsonProperty property in document.RootElement.EnumerateObject())
            {
                if (!names.Add(property.Name))
                {
                    throw SafetensorsErrors.Duplicate(path, "the header", property.Name);
                }

                if (property.Name == MetadataKey)
                {
                    ReadMetadata(path, property.Value, metadata);
                }
                else
                {
                    entries.Add(ReadEntry(path, property.Name, property.Value, PrefixBytes + json.Length, fileBytes));
                }
            }
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException)
        {
            // InvalidOperationException: an escape such as "\ud800" that is no Unicode text is found only when the string is taken.
            throw SafetensorsErrors.NotJson(path, exception);
        }

        EnsureTiled(path, entries, PrefixBytes + json.Length, fileBytes);
        return entries;
    }

    private static void ReadMetadata(string path, JsonElement element, Dictionary<string, string> metadata)
    {
        if (element.ValueKind != JsonValueKind.Object)
        {
            throw SafetensorsErrors.Metadata(path, Describe(element));
        }

        foreach (JsonProperty property in element.EnumerateObject())
        {
            if (property.Value.ValueKind != JsonValueKind.String)
            {
                throw SafetensorsErrors.Metadata(path, $"'{property.Name}' with {Describe(property.Value)}");
            }

            if (!metadata.TryAdd(property.Name, property.Value.GetString()!))
            {
                throw SafetensorsErrors.Duplicate(path, $"'{MetadataKey}'", property.Name);
            }
        }
    }

    private static SafetensorsEntry ReadEntry(string path, string name, JsonElement element, long dataStart, long fileBytes)
    {
        if (element.ValueKind != JsonValueKind.Object)
        {
            throw SafetensorsErrors.Field(path, name, "an object with dtype, shape and data_offsets", Describe(element));
        }

        string? dtypeName = null;
        List<long>? extents = null;
        List<long>? offsets = null;
        foreach (JsonProperty field in element.EnumerateObject())
        {
            bool repeated = field.Name switch
            {
                "dtype" => dtypeName is not null,
                "shape" => extents is not null,
                "data_offsets" => offsets is not null,
                _ => throw SafetensorsErrors.Field(path, name, "only dtype, shape and data_offsets", $"'{field.Name}'"),
            };
            if (repeated)
            {
                throw SafetensorsErrors.Duplicate(path, $"tensor '{name}'", field.Name);
            }

            switch (field.Name)
            {
                case "dtype":
                    dtypeName = field.Value.ValueKind == JsonValueKind.String
                        ? field.Value.GetString()!
                        : throw SafetensorsErrors.Field(path, name, "dtype to be a string", Describe(field.Value));
                    break;
                case "shape":
                    extents = ReadIntegers(path, name, field);
                    break;
                default:
                    offsets = ReadIntegers(path, name, field);
                    break;
            }
        }

        if (dtypeName is null || extents is null || offsets is null)
        {
            string missing = dtypeName is null ? "dtype" : extents is null ? "shape" : "data_offsets";
            throw SafetensorsErrors.Field(path, name, $"a field '{missing}'", "none");
        }

        if (!DTypeNames.TryParse(dtypeName, out DType dtype))
        {
            throw SafetensorsErrors.UnknownDType(path, name, dtypeName);
        }

        if (offsets.Count != 2)
        {
            throw SafetensorsErrors.Field(path, name, "data_offsets to be two numbers", $"{offsets.Count}");
        }

        return MakeEntry(path, name, dtype, extents, offsets[0], offsets[1], dataStart, fileBytes);
    }

    private static SafetensorsEntry MakeEntry(
        string path, string name, DType dtype, List<long> extents, long begin, long end, long dataStart, long fileBytes)
    {
        if (begin < 0 || end < begin)
        {
            throw SafetensorsErrors.OffsetsReversed(path, name, begin, end);
        }

        if (end > fileBytes - dataStart)
        {
            throw SafetensorsErrors.OutOfRange(path, name, end, fileBytes - dataStart);
        }

        var narrow = new int[extents.Count];
        for (int i = 0; i < narrow.Length; i++)
        {
            narrow[i] = extents[i] is >= 0 and <= int.MaxValue
                ? (int)extents[i]
                : throw SafetensorsErrors.Field(path, name, $"each extent of shape to be 0 to {int.MaxValue}", $"{extents[i]}");
        }

        Shape shape;
        long sizeBytes;
        try
        {
            shape = new Shape(narrow);
            sizeBytes = checked(shape.ElementCount * dtype.SizeBytes());
        }
        catch (OverflowException)
        {
            throw SafetensorsErrors.SizeOverflow(path, name, string.Join(", ", narrow));
        }

        return sizeBytes == end - begin
            ? new SafetensorsEntry(name, dtype, shape, dataStart + begin, sizeBytes)
            : throw SafetensorsErrors.SizeMismatch(path, name, dtype, shape, sizeBytes, end - begin);
    }

    private static List<long> ReadIntegers(string path, string name, JsonProperty field)
    {
        if (field.Value.ValueKind != JsonValueKind.Array)
        {
            throw SafetensorsErrors.Field(path, name, $"{field.Name} to be a list of whole numbers", Describe(field.Value));
        }

        var numbers = new List<long>(field.Value.GetArrayLength());
        foreach (JsonElement element in field.Value.EnumerateArray())
        {
            numbers.Add(element.ValueKind == JsonValueKind.Number && element.TryGetInt64(out long number)
                ? number
                : throw SafetensorsErrors.Field(path, name, $"{field.Name} to be a list of 64-bit whole numbers", Describe(element)));
        }

        return numbers;
    }

    private static void EnsureTiled(string path, List<SafetensorsEntry> entries, long dataStart, long fileBytes)
    {
        // Empty tensors share their offset with a neighbour; ordering by end as well keeps each before the one it touches.
        List<SafetensorsEntry> ordered = [.. entries.OrderBy(entry => entry.Offset).ThenBy(entry => entry.SizeBytes)];
        long available = fileBytes - dataStart;
        long expected = 0;
        string previous = string.Empty;
        foreach (SafetensorsEntry entry in ordered)
        {
            long begin = entry.Offset - dataStart;
            if (begin < expected)
            {
                throw SafetensorsErrors.Overlap(path, entry.Name, previous, begin, expected);
            }

            if (begin > expected)
            {
                throw SafetensorsErrors.Hole(path, entry.Name, begin, expected);
            }

            expected += entry.SizeBytes;
            previous = entry.Name;
        }

        if (expected != available)
        {
            throw SafetensorsErrors.TrailingBytes(path, expected, available);
        }

        entries.Clear();
        entries.AddRange(ordered);
    }

    // A hostile value can be as long as the header: messages show its beginning only.
    private static string Describe(JsonElement element)
    {
        const int Shown = 40;
        string text = element.GetRawText();
        return text.Length <= Shown ? text : $"{text[..Shown]}...";
    }
}
