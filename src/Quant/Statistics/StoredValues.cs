using MambaQuant.Quant.Safetensors;
using MambaQuant.Quant.Tensors;

namespace MambaQuant.Quant.Statistics;

/// <summary>Reads whole tensors of an intermediate file into arrays, and says what is wrong where one does not fit.</summary>
internal static class StoredValues
{
    private const string Remedy = "The file is damaged or of another version: delete it, so that it is made again.";

    /// <summary>An F64 tensor.</summary>
    /// <param name="file">The file.</param>
    /// <param name="name">Name of the tensor.</param>
    /// <param name="length">The number of values it must have; null for any.</param>
    public static double[] Float64(SafetensorsFile file, string name, long? length = null)
    {
        SafetensorsEntry entry = Entry(file, name, DType.F64, length);
        double[] values = new double[entry.Shape.ElementCount];
        file.ReadFloat64(entry, values);
        return values;
    }

    /// <summary>An F32 tensor.</summary>
    /// <inheritdoc cref="Float64" path="/param"/>
    public static float[] Float32(SafetensorsFile file, string name, long? length = null)
    {
        SafetensorsEntry entry = Entry(file, name, DType.F32, length);
        float[] values = new float[entry.Shape.ElementCount];
        file.ReadFloat32(entry, values);
        return values;
    }

    /// <summary>An I64 tensor.</summary>
    /// <inheritdoc cref="Float64" path="/param"/>
    public static long[] Int64(SafetensorsFile file, string name, long? length = null)
    {
        SafetensorsEntry entry = Entry(file, name, DType.I64, length);
        long[] values = new long[entry.Shape.ElementCount];
        file.ReadInt64(entry, values);
        return values;
    }

    /// <summary>An I32 tensor.</summary>
    /// <inheritdoc cref="Float64" path="/param"/>
    public static int[] Int32(SafetensorsFile file, string name, long? length = null)
    {
        SafetensorsEntry entry = Entry(file, name, DType.I32, length);
        int[] values = new int[entry.Shape.ElementCount];
        file.ReadInt32(entry, values);
        return values;
    }

    /// <summary>An I8 tensor.</summary>
    /// <inheritdoc cref="Float64" path="/param"/>
    public static sbyte[] Int8(SafetensorsFile file, string name, long? length = null)
    {
        SafetensorsEntry entry = Entry(file, name, DType.I8, length);
        sbyte[] values = new sbyte[entry.Shape.ElementCount];
        file.ReadInt8(entry, values);
        return values;
    }

    /// <summary>An I32 or I64 tensor.</summary>
    /// <inheritdoc cref="Float64" path="/param"/>
    public static long[] Integers(SafetensorsFile file, string name, long? length = null) =>
        Entry(file, name).DType == DType.I32
            ? Array.ConvertAll(Int32(file, name, length), value => (long)value)
            : Int64(file, name, length);

    /// <summary>The number of rows of a matrix.</summary>
    /// <param name="file">The file.</param>
    /// <param name="name">Name of the tensor.</param>
    public static int RowCount(SafetensorsFile file, string name)
    {
        SafetensorsEntry entry = Entry(file, name);
        return entry.Shape.Rank == 2 ? entry.Shape[0] : throw Wrong(file, name, "a matrix", $"the shape {entry.Shape}");
    }

    /// <summary>An integer in the header's free text.</summary>
    /// <param name="file">The file.</param>
    /// <param name="key">Its key.</param>
    public static int Number(SafetensorsFile file, string key) =>
        int.TryParse(file.Metadata.GetValueOrDefault(key), out int value)
            ? value
            : throw Wrong(file, key, "a number in the header's metadata", $"'{file.Metadata.GetValueOrDefault(key)}'");

    /// <summary>Checks the kind of file that the header's free text names.</summary>
    /// <param name="file">The file.</param>
    /// <param name="format">The kind expected.</param>
    public static void EnsureFormat(SafetensorsFile file, string format)
    {
        string? found = file.Metadata.GetValueOrDefault(FormatKey);
        if (found != format)
        {
            throw Wrong(file, FormatKey, $"'{format}' in the header's metadata", $"'{found}'");
        }
    }

    /// <summary>The key under which the header names the kind of file.</summary>
    public const string FormatKey = "format";

    /// <summary>The error of a file that does not hold what it should.</summary>
    /// <param name="file">The file.</param>
    /// <param name="name">The tensor or key.</param>
    /// <param name="expected">What it should be.</param>
    /// <param name="found">What it is.</param>
    public static InvalidSafetensorsException Wrong(SafetensorsFile file, string name, string expected, string found) =>
        new($"'{file.Path}', '{name}': expected {expected}, found {found}. {Remedy}");

    private static SafetensorsEntry Entry(SafetensorsFile file, string name, DType dtype, long? length)
    {
        SafetensorsEntry entry = Entry(file, name);
        if (entry.DType != dtype || (length is not null && entry.Shape.ElementCount != length))
        {
            throw Wrong(file, name, length is null ? $"{dtype} values" : $"{length} {dtype} values", $"{entry.DType} {entry.Shape}");
        }

        return entry;
    }

    private static SafetensorsEntry Entry(SafetensorsFile file, string name)
    {
        ArgumentNullException.ThrowIfNull(file);
        return file.TryGet(name, out SafetensorsEntry? entry) ? entry : throw Wrong(file, name, "this tensor", "none");
    }
}
