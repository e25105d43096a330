using System.IO.Compression;

namespace MambaQuant.Dashboard.Watching;

/// <summary>JSON that is kept, and sent, by gzip.</summary>
internal static class PackedJson
{
    /// <summary>Packs.</summary>
    /// <param name="json">The text.</param>
    public static byte[] Pack(ReadOnlySpan<byte> json)
    {
        using var packed = new MemoryStream();
        using (var gzip = new GZipStream(packed, CompressionLevel.Fastest))
        {
            gzip.Write(json);
        }

        return packed.ToArray();
    }
}
