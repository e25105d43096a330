using System.Text;
using MambaQuant.Quant.Safetensors;
using MambaQuant.Quant.Tensors;
using MambaQuant.Testing;
using Xunit;

namespace MambaQuant.Quant.Tests.Safetensors;

public sealed class SafetensorsFileTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    public static TheoryData<string, int, string> WrongHeaders => new()
    {
        { """[]""", 0, "expected '{'" },
        { """ {}""", 0, "expected '{'" },
        { "", 0, "starts with nothing" },
        { """{"a":""", 0, "one JSON object" },
        { """{} {}""", 0, "one JSON object" },
        { """{"a":1}""", 0, "tensor 'a': expected an object" },
        { """{"a":{"shape":[1],"data_offsets":[0,1]}}""", 1, "tensor 'a': expected a field 'dtype', found none" },
        { """{"a":{"dtype":"I8","data_offsets":[0,1]}}""", 1, "a field 'shape'" },
        { """{"a":{"dtype":"I8","shape":[1]}}""", 1, "a field 'data_offsets'" },
        { """{"a":{"dtype":"I8","shape":[1],"data_offsets":[0,1],"x":1}}""", 1, "found 'x'" },
        { """{"a":{"dtype":"I8","dtype":"I8","shape":[1],"data_offsets":[0,1]}}""", 1, "the key 'dtype' twice" },
        { """{"a":{"dtype":"I8","shape":[1],"data_offsets":[0,1]},"a":{"dtype":"I8","shape":[1],"data_offsets":[1,2]}}""", 2, "the key 'a' twice" },
        { """{"a":{"dtype":"F8_E4M3","shape":[1],"data_offsets":[0,1]}}""", 1, "'F8_E4M3' is not one of" },
        { """{"a":{"dtype":"f32","shape":[1],"data_offsets":[0,4]}}""", 4, "'f32' is not one of" },
        { """{"a":{"dtype":7,"shape":[1],"data_offsets":[0,4]}}""", 4, "dtype to be a string, found 7" },
        { """{"a":{"dtype":"F32","shape":1,"data_offsets":[0,4]}}""", 4, "shape to be a list" },
        { """{"a":{"dtype":"F32","shape":[1.5],"data_offsets":[0,4]}}""", 4, "found 1.5" },
        { """{"a":{"dtype":"F32","shape":["1"],"data_offsets":[0,4]}}""", 4, "whole numbers" },
        { """{"a":{"dtype":"F32","shape":[-1],"data_offsets":[0,4]}}""", 4, "found -1" },
        { """{"a":{"dtype":"F32","shape":[2147483648],"data_offsets":[0,4]}}""", 4, "found 2147483648" },
        { """{"a":{"dtype":"F32","shape":[18446744073709551617],"data_offsets":[0,4]}}""", 4, "64-bit whole numbers" },
        { """{"a":{"dtype":"F32","shape":[2147483647,2147483647,2147483647],"data_offsets":[0,4]}}""", 4, "64 bits can count" },
        { """{"a":{"dtype":"F32","shape":[2147483647,2147483647,2147483647,0],"data_offsets":[0,0]}}""", 0, "64 bits can count" },
        { """{"a":{"dtype":"F64","shape":[2147483647,2147483647],"data_offsets":[0,4]}}""", 4, "64 bits can count" },
        { """{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4,4]}}""", 4, "two numbers, found 3" },
        { """{"a":{"dtype":"F32","shape":[1],"data_offsets":[4,0]}}""", 4, "found [4, 0]" },
        { """{"a":{"dtype":"F32","shape":[1],"data_offsets":[-4,0]}}""", 4, "found [-4, 0]" },
        { """{"a":{"dtype":"F32","shape":[0],"data_offsets":[9223372036854775807,9223372036854775807]}}""", 4, "the file has 4" },
        { """{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}""", 3, "ends at byte 4 after the header, the file has 3" },
        { """{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}""", 5, "found 1 more bytes" },
        { """{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,3]}}""", 3, "takes 4 bytes, the offsets give 3" },
        { """{"a":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}""", 8, "begins at byte 4 after the header, expected 0" },
        { """{"a":{"dtype":"I8","shape":[4],"data_offsets":[0,4]},"b":{"dtype":"I8","shape":[4],"data_offsets":[3,7]}}""", 7, "inside tensor 'a'" },
        { """{"a":{"dtype":"I8","shape":[4],"data_offsets":[0,4]},"b":{"dtype":"I8","shape":[4],"data_offsets":[0,4]}}""", 4, "inside tensor 'a'" },
        { """{"a":{"dtype":"I8","shape":[4],"data_offsets":[0,4]},"b":{"dtype":"I8","shape":[0],"data_offsets":[2,2]}}""", 4, "inside tensor 'a'" },
        { """{"__metadata__":[],"a":{"dtype":"I8","shape":[0],"data_offsets":[0,0]}}""", 0, "'__metadata__' to be an object of strings" },
        { """{"__metadata__":{"format":1}}""", 0, "'format' with 1" },
        { """{"__metadata__":{"a":"1","a":"2"}}""", 0, "'__metadata__' has the key 'a' twice" },
        { """{"__metadata__":{},"__metadata__":{}}""", 0, "the key '__metadata__' twice" },
        { """{"a\ud800":{"dtype":"I8","shape":[0],"data_offsets":[0,0]}}""", 0, "one JSON object" },
        { """{"a":{"dtype":"\udfff","shape":[0],"data_offsets":[0,0]}}""", 0, "one JSON object" },
        { """{"a":{"dtype":"I8","shape":[[[[[1]]]]],"data_offsets":[0,0]}}""", 0, "one JSON object" },
    };

    [Fact]
    public void ValidFile_GivesEntriesInDataOrderAndMetadata()
    {
        using SafetensorsFile file = SafetensorsFile.Open(_directory.Write("valid", RawSafetensors.Valid()));
        Assert.Equal(["a.weight", "b", "c", "none", "d", "e"], file.Tensors.Select(entry => entry.Name));
        Assert.Equal([DType.F32, DType.BF16, DType.F16, DType.I64, DType.I8, DType.Bool], file.Tensors.Select(entry => entry.DType));
        Assert.Equal([24, 8, 8, 0, 3, 1], file.Tensors.Select(entry => entry.SizeBytes));
        Assert.Equal(new Shape(2, 3), file.Tensors[0].Shape);
        Assert.Equal(new Shape(), file.Tensors[5].Shape);
        Assert.Equal("pt", file.Metadata["format"]);
        Assert.False(file.TryGet("f", out _));
        Assert.True(file.TryGet("d", out SafetensorsEntry? entry));
        var codes = new sbyte[3];
        file.ReadInt8(entry, codes);
        Assert.Equal([40, 41, 42], codes);
        var tail = new byte[2];
        file.ReadBytes(entry, tail, 1);
        Assert.Equal([41, 42], tail);
    }

    [Fact]
    public void HeaderOrder_MayDifferFromDataOrder()
    {
        byte[] bytes = RawSafetensors.File(
            """{"z":{"dtype":"I8","shape":[2],"data_offsets":[2,4]},"empty":{"dtype":"I8","shape":[0],"data_offsets":[2,2]},"y":{"dtype":"I8","shape":[2],"data_offsets":[0,2]}}      """, 4);
        using SafetensorsFile file = SafetensorsFile.Open(_directory.Write("reordered", bytes));
        Assert.Equal(["y", "empty", "z"], file.Tensors.Select(entry => entry.Name));
    }

    [Theory]
    [MemberData(nameof(WrongHeaders))]
    public void WrongHeader_IsNamed(string header, int dataBytes, string expected)
    {
        string path = _directory.Write("wrong.safetensors", RawSafetensors.File(header, dataBytes));
        InvalidSafetensorsException exception = Assert.Throws<InvalidSafetensorsException>(() => SafetensorsFile.Open(path));
        Assert.Contains(expected, exception.Message, StringComparison.Ordinal);
        Assert.Contains("wrong.safetensors", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void HeaderThatIsNotUtf8_IsNamed()
    {
        byte[] header = [.. "{\"a"u8, 0xC3, 0x28, .. "\":{}}"u8];
        AssertRefused(RawSafetensors.File(header, 0), "UTF-8");
    }

    [Theory]
    [InlineData(100_000_001UL, "at most 100000000")]
    [InlineData(ulong.MaxValue, "at most 100000000")]
    [InlineData(1UL << 63, "at most 100000000")]
    [InlineData(100_000_000UL, "is truncated")]
    [InlineData(3UL, "is truncated")]
    public void HeaderLengthThatCannotBe_IsNamedWithoutAllocatingIt(ulong announced, string expected)
    {
        long before = GC.GetAllocatedBytesForCurrentThread();
        AssertRefused(RawSafetensors.File("{}"u8, 0, announced), expected);
        Assert.True(GC.GetAllocatedBytesForCurrentThread() - before < 1_000_000);
    }

    [Fact]
    public void DeepNesting_IsRefused() =>
        AssertRefused(RawSafetensors.File("{\"a\":" + new string('[', 1_000_000), 0), "one JSON object");

    [Fact]
    public void EveryTruncation_IsRefused()
    {
        byte[] whole = RawSafetensors.Valid();
        for (int length = 0; length < whole.Length; length++)
        {
            AssertRefused(whole[..length], "'");
        }
    }

    [Fact]
    public void Float32_WidensTheThreeFloatTypes()
    {
        float[] values = [0.5f, -2, 1024, 0.0999755859375f];
        byte[] data =
        [
            .. values.SelectMany(BitConverter.GetBytes),
            .. values.SelectMany(value => BitConverter.GetBytes((Half)value)),
            .. new float[] { 0.5f, -2, 1024, 0.10009765625f }.SelectMany(value => BitConverter.GetBytes(value)[2..]),
        ];
        byte[] header = Encoding.UTF8.GetBytes(
            """{"w":{"dtype":"F32","shape":[2,2],"data_offsets":[0,16]},"h":{"dtype":"F16","shape":[2,2],"data_offsets":[16,24]},"b":{"dtype":"BF16","shape":[2,2],"data_offsets":[24,32]}}""");
        byte[] bytes = RawSafetensors.File(header, data.Length);
        data.CopyTo(bytes.AsSpan(8 + header.Length));
        using SafetensorsFile file = SafetensorsFile.Open(_directory.Write("floats", bytes));
        var read = new float[4];
        file.ReadFloat32(file.Tensors[0], read);
        Assert.Equal(values, read);
        file.ReadFloat32(file.Tensors[1], read);
        Assert.Equal(values, read);
        file.ReadFloat32(file.Tensors[2], read);
        Assert.Equal([0.5f, -2, 1024, 0.10009765625f], read);
        var row = new float[2];
        file.ReadFloat32Rows(file.Tensors[1], 1, 1, row);
        Assert.Equal(values[2..], row);
        file.ReadFloat32Rows(file.Tensors[1], 2, 0, []);
    }

    [Fact]
    public void Reads_RefuseWrongTypesLengthsRowsAndForeignEntries()
    {
        using SafetensorsFile file = SafetensorsFile.Open(_directory.Write("valid", RawSafetensors.Valid()));
        SafetensorsEntry weight = file.Tensors[0];
        SafetensorsEntry codes = file.Tensors[4];
        Assert.Contains("expected element type F32, F16 or BF16, found I8", Assert.Throws<InvalidSafetensorsException>(() => file.ReadFloat32(codes, new float[3])).Message, StringComparison.Ordinal);
        Assert.Throws<InvalidSafetensorsException>(() => file.ReadInt8(weight, new sbyte[24]));
        Assert.Throws<ArgumentException>(() => file.ReadFloat32(weight, new float[5]));
        Assert.Throws<ArgumentException>(() => file.ReadFloat32(weight, new float[7]));
        Assert.Throws<ArgumentException>(() => file.ReadFloat32Rows(weight, 0, 1, new float[2]));
        Assert.Throws<ArgumentOutOfRangeException>(() => file.ReadFloat32Rows(weight, 1, 2, new float[6]));
        Assert.Throws<ArgumentOutOfRangeException>(() => file.ReadFloat32Rows(weight, -1, 1, new float[3]));
        Assert.Throws<ArgumentException>(() => file.ReadBytes(weight, new byte[25]));
        Assert.Throws<ArgumentException>(() => file.ReadBytes(weight, new byte[1], 24));
        Assert.Throws<ArgumentException>(() => file.ReadBytes(weight with { Offset = 0 }, new byte[1]));
    }

    [Fact]
    public void TensorBeyondTwoGigabytes_IsReadByRows()
    {
        // 3 GB that take no room: only the last row is written, the file system keeps the rest as a hole.
        const int Rows = 300_000;
        const int Columns = 5_000;
        byte[] start = RawSafetensors.File($$$"""{"big":{"dtype":"F16","shape":[{{{Rows}}},{{{Columns}}}],"data_offsets":[0,{{{2L * Rows * Columns}}}]}}""", 0);
        string path = _directory.Write("big", start);
        using (FileStream stream = File.OpenWrite(path))
        {
            stream.Position = start.Length + (2L * (Rows - 1) * Columns);
            stream.Write(Enumerable.Repeat(BitConverter.GetBytes((Half)1.5), Columns).SelectMany(bytes => bytes).ToArray());
        }

        using SafetensorsFile file = SafetensorsFile.Open(path);
        var rows = new float[2 * Columns];
        file.ReadFloat32Rows(file.Tensors[0], Rows - 2, 2, rows);
        Assert.All(rows[..Columns], value => Assert.Equal(0, value));
        Assert.All(rows[Columns..], value => Assert.Equal(1.5f, value));
        Assert.Throws<ArgumentException>(() => file.ReadFloat32(file.Tensors[0], rows));
    }

    [Fact]
    public void FileCutShortWhileOpen_IsNamed()
    {
        string path = _directory.Write("shrinks", RawSafetensors.Valid());
        using SafetensorsFile file = SafetensorsFile.Open(path);
        using (var handle = new FileStream(path, FileMode.Open, FileAccess.Write, FileShare.ReadWrite))
        {
            handle.SetLength(file.Tensors[0].Offset + 10);
        }

        InvalidSafetensorsException exception = Assert.Throws<InvalidSafetensorsException>(() => file.ReadFloat32(file.Tensors[0], new float[6]));
        Assert.Contains("'a.weight'", exception.Message, StringComparison.Ordinal);
    }

    [SharedDataFact]
    public void TrainedModel_OpensAndItsNormsArePositive()
    {
        using SafetensorsFile file = SafetensorsFile.Open(SharedData.Path("models", "mamba-wt2-5m", "model.safetensors"));
        Assert.True(file.TryGet("backbone.norm_f.weight", out SafetensorsEntry? entry));
        Assert.Equal(new Shape(256), entry.Shape);
        var values = new float[256];
        file.ReadFloat32(entry, values);
        Assert.All(values, value => Assert.InRange(value, 0, 100));
    }

    public void Dispose() => _directory.Dispose();

    private void AssertRefused(byte[] bytes, string expected)
    {
        string path = _directory.Write("wrong.safetensors", bytes);
        InvalidSafetensorsException exception = Assert.Throws<InvalidSafetensorsException>(() => SafetensorsFile.Open(path));
        Assert.Contains(expected, exception.Message, StringComparison.Ordinal);
    }
}
