using System.Collections.Frozen;
using System.IO.Compression;
using System.Reflection;
using System.Security.Cryptography;

namespace MambaQuant.Dashboard.Pages;

/// <summary>The files of the page, which are part of this assembly.</summary>
internal static class PageFiles
{
    /// <summary>The page itself.</summary>
    public const string Index = "index.html";

    private const string Prefix = "pages/";

    private static readonly Lazy<FrozenDictionary<string, PageFile>> Files = new(Load);

    /// <summary>Every file, by its name.</summary>
    public static FrozenDictionary<string, PageFile> All => Files.Value;

    private static FrozenDictionary<string, PageFile> Load()
    {
        Assembly assembly = typeof(PageFiles).Assembly;
        return assembly.GetManifestResourceNames()
            .Where(name => name.StartsWith(Prefix, StringComparison.Ordinal))
            .ToFrozenDictionary(name => name[Prefix.Length..], name => Read(assembly, name), StringComparer.Ordinal);
    }

    private static PageFile Read(Assembly assembly, string name)
    {
        using Stream source = assembly.GetManifestResourceStream(name)!;
        using var content = new MemoryStream();
        source.CopyTo(content);
        byte[] plain = content.ToArray();
        using var packed = new MemoryStream();
        using (var gzip = new GZipStream(packed, CompressionLevel.SmallestSize))
        {
            gzip.Write(plain);
        }

        string type = Path.GetExtension(name) switch
        {
            ".html" => "text/html; charset=utf-8",
            ".css" => "text/css; charset=utf-8",
            ".js" => "text/javascript; charset=utf-8",
            ".svg" => "image/svg+xml",
            _ => "application/octet-stream",
        };
        return new PageFile(type, plain, packed.ToArray(), $"\"{Convert.ToHexStringLower(SHA256.HashData(plain)[..8])}\"");
    }
}
