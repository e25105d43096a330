using System.Buffers.Binary;
using System.Security.Cryptography;

namespace MambaQuant.Quant.Datasets;

/// <summary>The token sequences that a model is calibrated on.</summary>
public sealed class CalibrationSet
{
    /// <summary>Makes a set.</summary>
    /// <param name="sequences">Token ids; at least one sequence, all of one length.</param>
    /// <param name="source">What they were taken from: a file's name or a description, never a path.</param>
    /// <exception cref="ArgumentException">There is no sequence, or their lengths differ, or one is empty.</exception>
    public CalibrationSet(IReadOnlyList<int[]> sequences, string source)
    {
        ArgumentNullException.ThrowIfNull(sequences);
        ArgumentException.ThrowIfNullOrEmpty(source);
        SequenceLength = sequences.Count > 0 ? sequences[0].Length : 0;
        if (SequenceLength == 0 || sequences.Any(sequence => sequence.Length != SequenceLength))
        {
            throw new ArgumentException("expected at least one sequence, all of one length above 0", nameof(sequences));
        }

        Sequences = sequences;
        Source = source;
        Sha256 = Hash(sequences);
    }

    /// <summary>The sequences, in the order in which they are observed.</summary>
    public IReadOnlyList<int[]> Sequences { get; }

    /// <summary>The tokens of each sequence.</summary>
    public int SequenceLength { get; }

    /// <summary>The tokens of all sequences.</summary>
    public long TokenCount => (long)Sequences.Count * SequenceLength;

    /// <summary>The SHA-256 of all ids, one after the other as little-endian 32-bit numbers, in lower-case hexadecimal.</summary>
    /// <remarks>It does not hold the sequence length: a key of what was computed from the set needs both.</remarks>
    public string Sha256 { get; }

    /// <summary>What the sequences were taken from.</summary>
    public string Source { get; }

    /// <summary>Some of the sequences, in the same order.</summary>
    /// <param name="first">Index of the first.</param>
    /// <param name="count">How many; at least 1.</param>
    /// <exception cref="ArgumentOutOfRangeException">They lie outside the set, or there is none.</exception>
    public CalibrationSet Slice(int first, int count)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(first);
        ArgumentOutOfRangeException.ThrowIfLessThan(count, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan((long)first + count, Sequences.Count, nameof(count));
        return first == 0 && count == Sequences.Count ? this : new CalibrationSet([.. Sequences.Skip(first).Take(count)], Source);
    }

    private static string Hash(IReadOnlyList<int[]> sequences)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        Span<byte> bytes = stackalloc byte[sizeof(int)];
        foreach (int[] sequence in sequences)
        {
            foreach (int id in sequence)
            {
                BinaryPrimitives.WriteInt32LittleEndian(bytes, id);
                hash.AppendData(bytes);
            }
        }

        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }
}
