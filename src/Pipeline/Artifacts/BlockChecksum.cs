using System.Buffers.Binary;
using System.Numerics;

namespace MambaQuant.Pipeline.Artifacts;

/// <summary>The checksum of one block of an artifact: finds accidents, not forgery (that is what the SHA-256 of the whole is for).</summary>
/// <remarks>
/// Four CRC-32C side by side, lane i over the 8-byte words i, i + 4, i + 8, ...: the processor's CRC instruction takes three cycles but starts one
/// every cycle, so four independent chains run several times faster than one. Any burst of up to 32 bits changes a lane for certain; random damage
/// passes with 2⁻³² or less. Word order is little-endian: the same bytes give the same checksum on every machine.
/// </remarks>
internal static class BlockChecksum
{
    /// <summary>Bytes of a checksum.</summary>
    public const int Size = 16;

    private const int Lanes = 4;

    /// <summary>Computes.</summary>
    /// <param name="bytes">The block.</param>
    /// <param name="destination">Where the checksum goes, <see cref="Size"/> bytes.</param>
    public static void Compute(ReadOnlySpan<byte> bytes, Span<byte> destination)
    {
        uint first = 0xFFFFFFFF, second = 0xFFFFFFFE, third = 0xFFFFFFFD, fourth = 0xFFFFFFFC;
        while (bytes.Length >= Lanes * sizeof(ulong))
        {
            first = BitOperations.Crc32C(first, BinaryPrimitives.ReadUInt64LittleEndian(bytes));
            second = BitOperations.Crc32C(second, BinaryPrimitives.ReadUInt64LittleEndian(bytes[8..]));
            third = BitOperations.Crc32C(third, BinaryPrimitives.ReadUInt64LittleEndian(bytes[16..]));
            fourth = BitOperations.Crc32C(fourth, BinaryPrimitives.ReadUInt64LittleEndian(bytes[24..]));
            bytes = bytes[(Lanes * sizeof(ulong))..];
        }

        // Fewer than 32 bytes are left; one lane takes them all.
        foreach (byte value in bytes)
        {
            first = BitOperations.Crc32C(first, value);
        }

        BinaryPrimitives.WriteUInt32LittleEndian(destination, first);
        BinaryPrimitives.WriteUInt32LittleEndian(destination[4..], second);
        BinaryPrimitives.WriteUInt32LittleEndian(destination[8..], third);
        BinaryPrimitives.WriteUInt32LittleEndian(destination[12..], fourth);
    }

    /// <summary>Whether a block has a checksum.</summary>
    /// <param name="bytes">The block.</param>
    /// <param name="checksum">Its checksum, <see cref="Size"/> bytes.</param>
    public static bool Matches(ReadOnlySpan<byte> bytes, ReadOnlySpan<byte> checksum)
    {
        Span<byte> found = stackalloc byte[Size];
        Compute(bytes, found);
        return found.SequenceEqual(checksum[..Size]);
    }
}
