using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace MambaQuant.Quant.Checkpoints;

/// <summary>SHA-256 hashes of what went into a run, as 64 lower-case hexadecimal digits.</summary>
public static class ContentHash
{
    /// <summary>The hash of a file's bytes.</summary>
    /// <param name="path">The file.</param>
    /// <exception cref="IOException">It cannot be read.</exception>
    public static string OfFile(string path)
    {
        using FileStream stream = File.OpenRead(path);
        return Convert.ToHexStringLower(SHA256.HashData(stream));
    }

    /// <summary>The hash of a text as UTF-8 without a mark.</summary>
    /// <param name="text">The text.</param>
    public static string OfText(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        return Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)));
    }

    /// <summary>The hash of token sequences: for each its length, then its ids, as little-endian int32.</summary>
    /// <param name="sequences">The sequences in order.</param>
    public static string OfTokens(IEnumerable<ReadOnlyMemory<int>> sequences)
    {
        ArgumentNullException.ThrowIfNull(sequences);
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (ReadOnlyMemory<int> sequence in sequences)
        {
            var bytes = new byte[checked(4 * (sequence.Length + 1))];
            BinaryPrimitives.WriteInt32LittleEndian(bytes, sequence.Length);
            for (int i = 0; i < sequence.Length; i++)
            {
                BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(4 * (i + 1)), sequence.Span[i]);
            }

            hash.AppendData(bytes);
        }

        return Convert.ToHexStringLower(hash.GetHashAndReset());
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
