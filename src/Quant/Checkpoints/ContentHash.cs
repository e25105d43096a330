using System.Security.Cryptography;
using System.Text;
using MambaQuant.Quant.Safetensors;

namespace MambaQuant.Quant.Checkpoints;

/// <summary>SHA-256 hashes of what went into a run, as 64 lower-case hexadecimal digits.</summary>
public static class ContentHash
{
    /// <summary>The hash of a file's bytes.</summary>
    /// <param name="path">The file.</param>
    /// <exception cref="IOException">It cannot be read.</exception>
    public static string OfFile(string path)
    {
        using var file = new DiskFile(path);
        return Of(file);
    }

    /// <summary>The hash of an open file's bytes.</summary>
    /// <param name="source">The file; not owned.</param>
    /// <exception cref="IOException">It cannot be read.</exception>
    public static string Of(IByteSource source)
    {
        ArgumentNullException.ThrowIfNull(source);
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var buffer = new byte[1 << 18];
        long done = 0;
        for (int read; (read = source.Read(buffer, done)) > 0; done += read)
        {
            hash.AppendData(buffer, 0, read);
        }

        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    /// <summary>The hash of a text as UTF-8 without a mark.</summary>
    /// <param name="text">The text.</param>
    public static string OfText(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        return Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)));
    }

    /// <summary>The hashes of a model folder's weight files and of its config.json, by file name.</summary>
    /// <param name="weightFiles">Paths of the weight files.</param>
    /// <param name="configFile">Path of config.json.</param>
    /// <remarks>Cost: reads every file once.</remarks>
    public static IReadOnlyDictionary<string, string> OfModel(IEnumerable<string> weightFiles, string configFile)
    {
        ArgumentNullException.ThrowIfNull(weightFiles);
        return weightFiles.Append(configFile).ToDictionary(path => Path.GetFileName(path), OfFile, StringComparer.Ordinal);
    }
}
