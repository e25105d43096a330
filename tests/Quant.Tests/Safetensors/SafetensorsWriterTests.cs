using MambaQuant.Quant.Safetensors;
using MambaQuant.Quant.Tensors;
using MambaQuant.Testing;
using Xunit;

namespace MambaQuant.Quant.Tests.Safetensors;

public sealed class SafetensorsWriterTests : IDisposable
{
    private static readonly SafetensorsDeclaration[] _declarations =
    [
        new("codes", DType.I8, new Shape(3)),
        new("weight", DType.F32, new Shape(2, 3)),
        new("half", DType.F16, new Shape(5)),
        new("ids", DType.I64, new Shape(2)),
        new("empty", DType.F32, new Shape(0, 4)),
        new("packed", DType.I32, new Shape(2)),
        new("brain", DType.BF16, new Shape(2)),
        new("double", DType.F64, new Shape()),
    ];

    private readonly TemporaryDirectory _directory = new();

    [Fact]
    public void WrittenFile_ReadsBackTheSame()
    {
        string path = WriteAll("file", inReverse: false);
        using SafetensorsFile file = SafetensorsFile.Open(path);
        Assert.Equal("pt", file.Metadata["format"]);
        Assert.Equal(_declarations.Length, file.Tensors.Count);
        foreach (SafetensorsEntry entry in file.Tensors)
        {
            SafetensorsDeclaration declared = _declarations.Single(tensor => tensor.Name == entry.Name);
            Assert.Equal(declared.Shape, entry.Shape);
            Assert.Equal(declared.DType, entry.DType);
            Assert.Equal(0, entry.Offset % entry.DType.SizeBytes());
        }

        Assert.Equal(0, file.Tensors[0].Offset % 8);
        Assert.Equal([1, 2, 3, 4, 5, 6.5f], Read(file, "weight"));
        Assert.Equal([0.5f, -1, 65504, 2048, 0], Read(file, "half"));
        Assert.Equal([1, -2], Read(file, "brain"));
        var codes = new sbyte[3];
        file.ReadInt8(Entry(file, "codes"), codes);
        Assert.Equal([-128, 0, 127], codes);
        var ids = new long[2];
        file.ReadInt64(Entry(file, "ids"), ids);
        Assert.Equal([long.MinValue, long.MaxValue], ids);
        var packed = new int[2];
        file.ReadInt32(Entry(file, "packed"), packed);
        Assert.Equal([int.MinValue, 7], packed);
        var value = new double[1];
        file.ReadFloat64(Entry(file, "double"), value);
        Assert.Equal([Math.PI], value);
    }

    [Fact]
    public void Bytes_DoNotDependOnTheOrderOrTheSizeOfTheCalls() =>
        Assert.Equal(File.ReadAllBytes(WriteAll("one", inReverse: false)), File.ReadAllBytes(WriteAll("two", inReverse: true)));

    [Fact]
    public void LargeTensor_SurvivesTheChunkedConversions()
    {
        const int Length = 1_500_001;
        float[] values = [.. Enumerable.Range(0, Length).Select(i => (float)(Half)(i % 2001 - 1000) / 8)];
        string path = _directory.File("large");
        using (var writer = new SafetensorsWriter(path, [new("half", DType.F16, new Shape(Length)), new("full", DType.F32, new Shape(Length))]))
        {
            writer.WriteConverted("half", values.AsSpan(0, 700_000));
            writer.WriteConverted("full", values);
            writer.WriteConverted("half", values.AsSpan(700_000));
            writer.Complete();
        }

        using SafetensorsFile file = SafetensorsFile.Open(path);
        Assert.Equal(values, Read(file, "half"));
        Assert.Equal(values, Read(file, "full"));
    }

    [Fact]
    public void IncompleteTensor_IsNamedAndNothingIsLeft()
    {
        using (var writer = new SafetensorsWriter(_directory.File("file"), _declarations))
        {
            writer.Write("codes", (ReadOnlySpan<sbyte>)[1, 2]);
            Assert.True(File.Exists(_directory.File("file.partial")));
            Assert.Contains("'ids' has 0 of 16 bytes", Assert.Throws<InvalidOperationException>(writer.Complete).Message, StringComparison.Ordinal);
        }

        Assert.Empty(Directory.EnumerateFileSystemEntries(_directory.Path));
    }

    [Fact]
    public void OlderFile_StaysUntilTheNewOneIsComplete()
    {
        string path = _directory.Write("file", "older"u8);
        using (var writer = new SafetensorsWriter(path, [new("a", DType.I8, new Shape(1))]))
        {
            writer.Write("a", (ReadOnlySpan<sbyte>)[1]);
            Assert.Equal("older"u8.ToArray(), File.ReadAllBytes(path));
        }

        Assert.Equal("older"u8.ToArray(), File.ReadAllBytes(path));
        using (var writer = new SafetensorsWriter(path, [new("a", DType.I8, new Shape(1))]))
        {
            writer.Write("a", (ReadOnlySpan<sbyte>)[1]);
            writer.Complete();
        }

        SafetensorsFile.Open(path).Dispose();
        Assert.Single(Directory.EnumerateFiles(_directory.Path));
    }

    [Fact]
    public void DiskWithoutRoom_IsFoundBeforeTheWorkAndLeavesNothing()
    {
        // 2^62 bytes: no disk has them, so taking the space fails as on a full disk.
        IOException exception = Assert.Throws<IOException>(
            () => new SafetensorsWriter(_directory.File("file"), [new("a", DType.F32, new Shape(1 << 30, 1 << 30))]));
        Assert.Contains("disk has room", exception.Message, StringComparison.Ordinal);
        Assert.Empty(Directory.EnumerateFileSystemEntries(_directory.Path));
    }

    [Fact]
    public void Mistakes_AreRefused()
    {
        string path = _directory.File("file");
        Assert.Throws<ArgumentException>(() => new SafetensorsWriter(path, [new("a", DType.I8, new Shape(1)), new("a", DType.I8, new Shape(1))]));
        Assert.Throws<ArgumentException>(() => new SafetensorsWriter(path, [new("", DType.I8, new Shape(1))]));
        Assert.Throws<ArgumentException>(() => new SafetensorsWriter(path, [new("__metadata__", DType.I8, new Shape(1))]));
        Assert.Throws<ArgumentException>(() => new SafetensorsWriter(path, [new("\ud800", DType.I8, new Shape(1))]));
        using var writer = new SafetensorsWriter(path, _declarations);
        Assert.Throws<ArgumentException>(() => writer.Write("unknown", (ReadOnlySpan<float>)[1]));
        Assert.Throws<ArgumentException>(() => writer.Write("codes", (ReadOnlySpan<float>)[1]));
        Assert.Throws<ArgumentException>(() => writer.Write("codes", (ReadOnlySpan<sbyte>)[1, 2, 3, 4]));
        Assert.Throws<ArgumentException>(() => writer.WriteConverted("codes", [1]));
        Assert.Contains("65520", Assert.Throws<OverflowException>(() => writer.WriteFloat16("half", [1, 65520])).Message, StringComparison.Ordinal);
        Assert.Throws<OverflowException>(() => writer.WriteBFloat16("brain", [float.MaxValue]));
    }

    [Fact]
    public void NonFiniteValues_AreWrittenAsTheyAre()
    {
        string path = _directory.File("file");
        using (var writer = new SafetensorsWriter(path, [new("a", DType.F16, new Shape(3))]))
        {
            writer.WriteFloat16("a", [float.NaN, float.PositiveInfinity, float.NegativeInfinity]);
            writer.Complete();
        }

        using SafetensorsFile file = SafetensorsFile.Open(path);
        Assert.Equal([float.NaN, float.PositiveInfinity, float.NegativeInfinity], Read(file, "a"));
    }

    public void Dispose() => _directory.Dispose();

    private static SafetensorsEntry Entry(SafetensorsFile file, string name)
    {
        Assert.True(file.TryGet(name, out SafetensorsEntry? entry));
        return entry;
    }

    private static float[] Read(SafetensorsFile file, string name)
    {
        var values = new float[Entry(file, name).Shape.ElementCount];
        file.ReadFloat32(Entry(file, name), values);
        return values;
    }

    private string WriteAll(string name, bool inReverse)
    {
        string path = _directory.File(name);
        using var writer = new SafetensorsWriter(path, _declarations, new Dictionary<string, string> { ["format"] = "pt", ["a"] = "ü" });
        Action[] steps =
        [
            () => writer.Write("codes", (ReadOnlySpan<sbyte>)[-128, 0, 127]),
            () => writer.Write("ids", (ReadOnlySpan<long>)[long.MinValue, long.MaxValue]),
            () => writer.WriteFloat16("half", [0.5f, -1, 65504, 2048, 0]),
            () => writer.Write("packed", (ReadOnlySpan<int>)[int.MinValue, 7]),
            () => writer.WriteBFloat16("brain", [1, -2]),
            () => writer.WriteBytes("double", BitConverter.GetBytes(Math.PI)),
        ];
        if (inReverse)
        {
            Array.Reverse(steps);
            writer.Write("weight", (ReadOnlySpan<float>)[1]);
            writer.Write("weight", (ReadOnlySpan<float>)[2, 3, 4, 5]);
        }
        else
        {
            writer.Write("weight", (ReadOnlySpan<float>)[1, 2, 3, 4, 5]);
        }

        Array.ForEach(steps, step => step());
        writer.Write("weight", (ReadOnlySpan<float>)[6.5f]);
        writer.Complete();
        return path;
    }
}
