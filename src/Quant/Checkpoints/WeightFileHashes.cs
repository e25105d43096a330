using System.Collections.Immutable;
using System.Security.Cryptography;
using MambaQuant.Quant.Safetensors;

namespace MambaQuant.Quant.Checkpoints;

/// <summary>SHA-256 of a weight file, and of the bytes of each of its tensors, as 64 lower-case hexadecimal digits.</summary>
/// <param name="File">Of the file.</param>
/// <param name="Tensors">Of the tensors, by name.</param>
public sealed record WeightFileHashes(string File, ImmutableSortedDictionary<string, string> Tensors)
{
    private const int ChunkBytes = 1 << 20;

    /// <summary>Hashes a file.</summary>
    /// <param name="file">The open file.</param>
    /// <param name="read">Hears of bytes as they are read; null for nobody.</param>
    /// <param name="cancellation">Stops it between two pieces.</param>
    /// <remarks>Cost: reads the file once, in its order, and hashes every byte of it twice (SHA-256 at 1 to 2 GB/s a core).</remarks>
    /// <exception cref="InvalidSafetensorsException">The file was cut short since it was opened.</exception>
    public static WeightFileHashes Of(SafetensorsFile file, Action<long>? read = null, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(file);
        using var whole = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        using var single = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var buffer = new byte[ChunkBytes];
        ImmutableSortedDictionary<string, string>.Builder tensors = ImmutableSortedDictionary.CreateBuilder<string, string>(StringComparer.Ordinal);

        // Tensors tile what comes behind the header, in the order in which they are listed: opening the file has made sure of it.
        long dataStart = file.Tensors.Count > 0 ? file.Tensors[0].Offset : file.Source.Length;
        for (long done = 0; done < dataStart;)
        {
            Span<byte> piece = buffer.AsSpan(0, (int)Math.Min(buffer.Length, dataStart - done));
            int count = file.Source.Read(piece, done);
            if (count == 0)
            {
                throw SafetensorsErrors.TooShort(file.Path, done);
            }

            whole.AppendData(piece[..count]);
            done += count;
        }

        foreach (SafetensorsEntry entry in file.Tensors)
        {
            for (long done = 0; done < entry.SizeBytes; done += buffer.Length)
            {
                cancellation.ThrowIfCancellationRequested();
                Span<byte> piece = buffer.AsSpan(0, (int)Math.Min(buffer.Length, entry.SizeBytes - done));
                file.ReadBytes(entry, piece, done);
                whole.AppendData(piece);
                single.AppendData(piece);
                read?.Invoke(piece.Length);
            }

            tensors.Add(entry.Name, Convert.ToHexStringLower(single.GetHashAndReset()));
        }

        return new WeightFileHashes(Convert.ToHexStringLower(whole.GetHashAndReset()), tensors.ToImmutable());
    }

    /// <summary>The hash of one tensor.</summary>
    /// <param name="tensor">The tensor.</param>
    /// <remarks>Cost: reads its bytes once.</remarks>
    /// <exception cref="InvalidSafetensorsException">The file was cut short since it was opened.</exception>
    public static string OfTensor(CheckpointTensor tensor)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var buffer = new byte[(int)Math.Min(ChunkBytes, tensor.Entry.SizeBytes)];
        for (long done = 0; done < tensor.Entry.SizeBytes; done += buffer.Length)
        {
            Span<byte> piece = buffer.AsSpan(0, (int)Math.Min(buffer.Length, tensor.Entry.SizeBytes - done));
            tensor.File.ReadBytes(tensor.Entry, piece, done);
            hash.AppendData(piece);
        }

        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }
}
