using System.Buffers.Binary;

namespace MambaQuant.Storage.Tests.Contract;

/// <summary>Content that any range of can be told without keeping it: word i is a mix of a seed and i.</summary>
internal static class PatternContent
{
    /// <summary>A whole content.</summary>
    public static byte[] Bytes(ulong seed, int length)
    {
        byte[] bytes = new byte[length];
        Fill(seed, 0, bytes);
        return bytes;
    }

    /// <summary>A range of a content of any length; the offset is a multiple of 8.</summary>
    public static void Fill(ulong seed, long offset, Span<byte> destination)
    {
        ulong word = (ulong)offset / sizeof(ulong);
        for (; destination.Length >= sizeof(ulong); destination = destination[sizeof(ulong)..])
        {
            BinaryPrimitives.WriteUInt64LittleEndian(destination, Mix(seed, word++));
        }

        Span<byte> last = stackalloc byte[sizeof(ulong)];
        BinaryPrimitives.WriteUInt64LittleEndian(last, Mix(seed, word));
        last[..destination.Length].CopyTo(destination);
    }

    /// <summary>Writes a content piece by piece, without ever holding it.</summary>
    public static async Task WriteAsync(Stream stream, ulong seed, long length, int pieceSize, CancellationToken cancellation)
    {
        byte[] piece = new byte[pieceSize];
        for (long offset = 0; offset < length; offset += pieceSize)
        {
            Memory<byte> part = piece.AsMemory(0, (int)Math.Min(pieceSize, length - offset));
            Fill(seed, offset, part.Span);
            await stream.WriteAsync(part, cancellation);
        }
    }

    private static ulong Mix(ulong seed, ulong index)
    {
        ulong value = (seed + index) * 0x9E3779B97F4A7C15;
        return value ^ (value >> 29);
    }
}
