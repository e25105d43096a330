using System.Buffers.Binary;
using System.Text;

namespace MambaQuant.Quant.Tests.Safetensors;

/// <summary>Bytes of files made by hand, right or wrong, independent of the writer under test.</summary>
internal static class RawSafetensors
{
    /// <summary>A file of a header text and so many data bytes 0, 1, 2, ...</summary>
    public static byte[] File(string header, int dataBytes) => File(Encoding.UTF8.GetBytes(header), dataBytes);

    /// <summary>A file of header bytes and so many data bytes 0, 1, 2, ...</summary>
    public static byte[] File(ReadOnlySpan<byte> header, int dataBytes, ulong? announced = null)
    {
        var bytes = new byte[8 + header.Length + dataBytes];
        BinaryPrimitives.WriteUInt64LittleEndian(bytes, announced ?? (ulong)header.Length);
        header.CopyTo(bytes.AsSpan(8));
        for (int i = 0; i < dataBytes; i++)
        {
            bytes[8 + header.Length + i] = (byte)i;
        }

        return bytes;
    }

    /// <summary>A small correct file with several types, an empty tensor and metadata.</summary>
    public static byte[] Valid() => File(
        """
        {"__metadata__":{"format":"pt","made":"by hand"},
        "a.weight":{"dtype":"F32","shape":[2,3],"data_offsets":[0,24]},
        "b":{"dtype":"BF16","shape":[4],"data_offsets":[24,32]},
        "c":{"dtype":"F16","shape":[2,2],"data_offsets":[32,40]},
        "none":{"dtype":"I64","shape":[0,7],"data_offsets":[40,40]},
        "d":{"dtype":"I8","shape":[3],"data_offsets":[40,43]},
        "e":{"dtype":"BOOL","shape":[],"data_offsets":[43,44]}}
        """,
        44);
}
