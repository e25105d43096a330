using System.Buffers;
using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace MambaQuant.Pipeline.Artifacts;

/// <summary>What a store keeps behind the content of an artifact, so that any range of it can be verified by itself.</summary>
/// <remarks>
/// The stored form, the same in every store, all numbers little-endian:
/// <code>
/// content                     length bytes
/// table                       one block checksum (32 bytes) for every begun 64 KiB of content
/// footer, 80 bytes:           0 magic and version "MQSEAL01"
///                             8 length of the content, u64
///                            16 checksum of the content: SHA-256 of its length, u64, followed by the table
///                            48 block checksum of the name (UTF-8) followed by the footer's first 48 bytes
/// </code>
/// The footer stands last: it exists only where everything before it was written, and it alone answers what an artifact is. The name takes part so
/// that a file under another's name is found. The table is the place of ranges: block by block, without the rest of the content. The checksum of the
/// content is made of the table instead of the content because the content is what may have gigabytes: SHA-256 of all of it would be several times slower
/// than a good disk, and nothing here has to withstand a forger.
/// </remarks>
internal sealed class ArtifactSeal
{
    /// <summary>Bytes of content that share a checksum.</summary>
    public const int BlockSize = 1 << 16;

    /// <summary>Bytes of the footer.</summary>
    public const int FooterSize = 80;

    private const int LengthAt = 8, DigestAt = 16, FooterChecksumAt = 48, DigestSize = SHA256.HashSizeInBytes;

    private readonly byte[] _footer;
    private readonly ReadOnlyMemory<byte> _table;

    private ArtifactSeal(ArtifactInfo info, ReadOnlyMemory<byte> table, byte[] footer)
    {
        Info = info;
        _table = table;
        _footer = footer;
    }

    private static ReadOnlySpan<byte> Magic => "MQSEAL01"u8;

    /// <summary>The artifact.</summary>
    public ArtifactInfo Info { get; }

    /// <summary>The footer alone: all that a store needs to say what an artifact is.</summary>
    public ReadOnlySpan<byte> Footer => _footer;

    /// <summary>Seals a content.</summary>
    /// <param name="name">Name of the artifact.</param>
    /// <param name="length">Bytes of the content.</param>
    /// <param name="table">Checksums of its blocks, one after the other.</param>
    public static ArtifactSeal Create(string name, long length, ReadOnlyMemory<byte> table)
    {
        byte[] footer = new byte[FooterSize];
        Magic.CopyTo(footer);
        BinaryPrimitives.WriteInt64LittleEndian(footer.AsSpan(LengthAt), length);
        byte[] digest = Digest(length, table.Span);
        digest.CopyTo(footer.AsSpan(DigestAt));
        BlockChecksum.Compute(Bound(name, footer), footer.AsSpan(FooterChecksumAt));
        return new ArtifactSeal(new ArtifactInfo(name, length, Convert.ToHexStringLower(digest)), table, footer);
    }

    /// <summary>Seals a content that is at hand as a whole.</summary>
    /// <param name="name">Name of the artifact.</param>
    /// <param name="content">The content.</param>
    public static ArtifactSeal Create(string name, ReadOnlySpan<byte> content)
    {
        var table = new ArrayBufferWriter<byte>();
        AppendTo(table, content);
        return Create(name, content.Length, table.WrittenMemory);
    }

    /// <summary>Adds the checksums of blocks to a table.</summary>
    /// <param name="table">The table.</param>
    /// <param name="blocks">Whole blocks; the last one may be the content's last, shorter one.</param>
    public static void AppendTo(ArrayBufferWriter<byte> table, ReadOnlySpan<byte> blocks)
    {
        while (blocks.Length > 0)
        {
            int count = Math.Min(blocks.Length, BlockSize);
            BlockChecksum.Compute(blocks[..count], table.GetSpan(BlockChecksum.Size));
            table.Advance(BlockChecksum.Size);
            blocks = blocks[count..];
        }
    }

    /// <summary>Bytes of the table for a content.</summary>
    /// <param name="length">Bytes of the content.</param>
    public static long TableLength(long length) => checked((length + BlockSize - 1) / BlockSize * BlockChecksum.Size);

    /// <summary>Bytes of the stored form: content, table and footer.</summary>
    /// <param name="length">Bytes of the content.</param>
    public static long StoredLength(long length) => checked(length + TableLength(length) + FooterSize);

    /// <summary>Bytes of content in a stored form of some length; -1 where no content has that length.</summary>
    /// <param name="storedLength">Bytes of content, table and footer.</param>
    public static long ContentLength(long storedLength)
    {
        long rest = storedLength - FooterSize;
        long blocks = (rest + BlockSize + BlockChecksum.Size - 1) / (BlockSize + BlockChecksum.Size);
        long length = rest - (blocks * BlockChecksum.Size);
        return rest >= 0 && length >= 0 && StoredLength(length) == storedLength ? length : -1;
    }

    /// <summary>Where the block begins that holds a byte.</summary>
    /// <param name="offset">The byte.</param>
    public static long BlockStart(long offset) => offset / BlockSize * BlockSize;

    /// <summary>Where the block ends, or the content, in which a range ends.</summary>
    /// <param name="end">The range's end.</param>
    /// <param name="length">Bytes of the content.</param>
    public static long BlockStop(long end, long length) => Math.Min(BlockStart(checked(end + BlockSize - 1)), length);

    /// <summary>Reads a footer.</summary>
    /// <param name="name">Name the artifact was found under.</param>
    /// <param name="storedLength">Bytes of the stored form.</param>
    /// <param name="footer">Its last <see cref="FooterSize"/> bytes, or fewer where it is shorter.</param>
    /// <param name="fault">What is wrong with it; null where nothing is.</param>
    /// <returns>Null where something is wrong.</returns>
    public static ArtifactInfo? ReadFooter(string name, long storedLength, ReadOnlySpan<byte> footer, out string? fault)
    {
        fault = FooterFault(name, storedLength, footer);
        return fault is null
            ? new ArtifactInfo(name, BinaryPrimitives.ReadInt64LittleEndian(footer[LengthAt..]), Convert.ToHexStringLower(footer.Slice(DigestAt, DigestSize)))
            : null;
    }

    /// <summary>Reads table and footer.</summary>
    /// <param name="info">What <see cref="ReadFooter"/> said, of this footer or of a copy.</param>
    /// <param name="tableAndFooter">Everything behind the content.</param>
    /// <param name="fault">What is wrong with them; null where nothing is.</param>
    /// <returns>Null where something is wrong.</returns>
    public static ArtifactSeal? Read(ArtifactInfo info, ReadOnlyMemory<byte> tableAndFooter, out string? fault)
    {
        ReadOnlyMemory<byte> table = tableAndFooter[..^FooterSize];
        byte[] footer = tableAndFooter[^FooterSize..].ToArray();
        ArtifactInfo? found = ReadFooter(info.Name, StoredLength(info.Length), footer, out fault);
        fault ??= found != info ? "its two seals differ" : null;
        fault ??= Digest(info.Length, table.Span).AsSpan().SequenceEqual(footer.AsSpan(DigestAt, DigestSize)) ? null : "the table of block checksums differs from the checksum of the whole";
        return fault is null ? new ArtifactSeal(info, table, footer) : null;
    }

    /// <summary>Everything that follows the content: table and footer.</summary>
    public byte[] Encode() => [.. _table.Span, .. _footer];

    /// <summary>Compares blocks of content with their checksums.</summary>
    /// <param name="offset">Where the bytes begin in the content, a multiple of <see cref="BlockSize"/>.</param>
    /// <param name="bytes">Whole blocks; the last one may be the content's last, shorter one.</param>
    /// <returns>Where in the content the first wrong block begins; -1 where all are right.</returns>
    public long FindDamage(long offset, ReadOnlySpan<byte> bytes)
    {
        ReadOnlySpan<byte> checksums = _table.Span[checked((int)(offset / BlockSize * BlockChecksum.Size))..];
        while (bytes.Length > 0)
        {
            int count = Math.Min(bytes.Length, BlockSize);
            if (!BlockChecksum.Matches(bytes[..count], checksums))
            {
                return offset;
            }

            offset += count;
            bytes = bytes[count..];
            checksums = checksums[BlockChecksum.Size..];
        }

        return -1;
    }

    private static string? FooterFault(string name, long storedLength, ReadOnlySpan<byte> footer)
    {
        if (footer.Length < FooterSize)
        {
            return $"expected at least {FooterSize} bytes, found {storedLength}: it was cut short";
        }

        if (!footer.StartsWith(Magic))
        {
            return $"it does not end with a seal ({storedLength} bytes): cut short, overwritten, or not written by this program";
        }

        if (!BlockChecksum.Matches(Bound(name, footer), footer[FooterChecksumAt..]))
        {
            return "its seal differs from the seal's checksum: altered, or moved here from another name";
        }

        long length = BinaryPrimitives.ReadInt64LittleEndian(footer[LengthAt..]);
        return ContentLength(storedLength) == length ? null : $"expected {StoredLength(length)} stored bytes for a content of {length}, found {storedLength}";
    }

    private static byte[] Digest(long length, ReadOnlySpan<byte> table)
    {
        Span<byte> number = stackalloc byte[sizeof(long)];
        BinaryPrimitives.WriteInt64LittleEndian(number, length);
        using var digest = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        digest.AppendData(number);
        digest.AppendData(table);
        return digest.GetHashAndReset();
    }

    private static byte[] Bound(string name, ReadOnlySpan<byte> footer) => [.. Encoding.UTF8.GetBytes(name), .. footer[..FooterChecksumAt]];
}
