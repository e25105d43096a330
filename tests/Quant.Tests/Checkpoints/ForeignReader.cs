using System.Buffers.Binary;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace MambaQuant.Quant.Tests.Checkpoints;

/// <summary>
/// Reads weights as any reader of compressed-tensors would, from the raw bytes of config.json and model.safetensors: nothing of the
/// program's own code, so that a mistake shared by its writer and its reader shows.
/// </summary>
internal sealed class ForeignReader
{
    private readonly byte[] _file;
    private readonly JsonElement _header;
    private readonly int _start;
    private readonly JsonElement _quantization;

    public ForeignReader(string folder)
    {
        _file = File.ReadAllBytes(Path.Combine(folder, "model.safetensors"));
        _start = 8 + (int)BinaryPrimitives.ReadUInt64LittleEndian(_file);
        _header = JsonDocument.Parse(_file.AsMemory(8, _start - 8)).RootElement;
        _quantization = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(folder, "config.json"))).RootElement.GetProperty("quantization_config");
    }

    /// <summary>The modules with a weight scale, in the order of the header.</summary>
    public IEnumerable<string> Modules => _header.EnumerateObject().Select(tensor => tensor.Name)
        .Where(name => name.EndsWith(".weight_scale", StringComparison.Ordinal)).Select(name => name[..^".weight_scale".Length]);

    /// <summary>The format that the module's group names; null where no group targets it.</summary>
    public string? Format(string module) => Group(module)?.GetProperty("format").GetString();

    /// <summary>The values of a module's weight, row by row, by the group that targets it.</summary>
    public float[] Weight(string module)
    {
        JsonElement arguments = Group(module)!.Value.GetProperty("weights");
        int bits = arguments.GetProperty("num_bits").GetInt32();
        bool packed = Format(module) == "pack-quantized";
        int[] shape = packed
            ? [(int)Int64(module + ".weight_shape", 0), (int)Int64(module + ".weight_shape", 1)]
            : Shape(module + ".weight");
        int rows = shape[0], columns = shape.Skip(1).Aggregate((a, b) => a * b);
        string strategy = arguments.GetProperty("strategy").GetString()!;
        int width = strategy == "group" ? arguments.GetProperty("group_size").GetInt32() : columns;
        int[] scales = Shape(module + ".weight_scale");
        Assert(strategy == "tensor" ? scales is [1] : scales[0] == rows && scales[1] == (columns + width - 1) / width, $"{module}: scales");
        bool symmetric = arguments.GetProperty("symmetric").GetBoolean();
        Assert(symmetric != _header.TryGetProperty(module + ".weight_zero_point", out _), $"{module}: a zero point goes with asymmetric weights only");
        var values = new float[rows * columns];
        for (int i = 0; i < values.Length; i++)
        {
            (int row, int column) = (i / columns, i % columns);
            int group = strategy == "tensor" ? 0 : column / width;
            int scale = strategy == "tensor" ? 0 : (row * scales[1]) + group;
            int code = packed
                ? Bits(module + ".weight_packed", row * Shape(module + ".weight_packed")[1], column, bits)
                : (sbyte)_file[Offset(module + ".weight") + i];
            int zero = symmetric ? 0 : ZeroPoint(module, row, group, strategy == "tensor" ? 1 : scales[1], bits, packed && strategy != "tensor");
            values[i] = (code - zero) * BitConverter.ToSingle(_file, Offset(module + ".weight_scale") + (4 * scale));
        }

        return values;
    }

    /// <summary>An asymmetric group's zero point; packed ones stand in bit strings down the rows, one string a column.</summary>
    private int ZeroPoint(string module, int row, int group, int groups, int bits, bool packed)
    {
        string name = module + ".weight_zero_point";
        if (!packed)
        {
            return (sbyte)_file[Offset(name) + (groups == 1 && Shape(name) is [1] ? 0 : (row * groups) + group)];
        }

        int value = 0;
        for (int bit = 0; bit < bits; bit++)
        {
            int at = (row * bits) + bit;
            value |= ((Int32(name, ((at / 32) * groups) + group) >> (at % 32)) & 1) << bit;
        }

        return value - (1 << (bits - 1));
    }

    /// <summary>Element i of a little-endian bit string that starts at a word: bits [i·b, (i+1)·b), offset 2^(b−1).</summary>
    private int Bits(string name, int firstWord, int element, int bits)
    {
        int value = 0;
        for (int bit = 0; bit < bits; bit++)
        {
            int at = (element * bits) + bit;
            value |= ((Int32(name, firstWord + (at / 32)) >> (at % 32)) & 1) << bit;
        }

        return value - (1 << (bits - 1));
    }

    /// <summary>By exact name first, then by expression; ignored modules have none.</summary>
    private JsonElement? Group(string module)
    {
        if (_quantization.GetProperty("ignore").EnumerateArray().Any(name => Matches(name.GetString()!, module)))
        {
            return null;
        }

        JsonElement[] groups = [.. _quantization.GetProperty("config_groups").EnumerateObject().Select(group => group.Value)];
        foreach (bool exact in (bool[])[true, false])
        {
            foreach (JsonElement group in groups)
            {
                if (group.GetProperty("targets").EnumerateArray().Any(target => exact ? target.GetString() == module : Matches(target.GetString()!, module)))
                {
                    return group;
                }
            }
        }

        return null;
    }

    private static bool Matches(string target, string module) =>
        target.StartsWith("re:", StringComparison.Ordinal) ? Regex.IsMatch(module, $"^(?:{target[3..]})") : target == module;

    private int[] Shape(string name) => [.. _header.GetProperty(name).GetProperty("shape").EnumerateArray().Select(extent => extent.GetInt32())];

    private int Offset(string name) => _start + _header.GetProperty(name).GetProperty("data_offsets")[0].GetInt32();

    private int Int32(string name, int index) => BinaryPrimitives.ReadInt32LittleEndian(_file.AsSpan(Offset(name) + (4 * index)));

    private long Int64(string name, int index) => BinaryPrimitives.ReadInt64LittleEndian(_file.AsSpan(Offset(name) + (8 * index)));

    private static void Assert(bool condition, string what) => Xunit.Assert.True(condition, what);
}
