using MambaQuant.Quant.Quantization;

namespace MambaQuant.Quant.Checkpoints;

/// <summary>Codes of 2 to 7 bits as dense little-endian bit strings in 32-bit words, one string a row, after compressed-tensors 0.18.</summary>
/// <remarks>
/// u = code + 2^(bits−1); element i takes the bits i·bits … (i+1)·bits − 1 of its row, word k the bits 32·k … 32·k + 31, lowest
/// first; an element may straddle two words; what is left of the last word is zero.
/// </remarks>
internal static class CodePacking
{
    /// <summary>Packs rows.</summary>
    /// <param name="codes">[rows, columns] codes, each in −2^(bits−1) … 2^(bits−1)−1.</param>
    /// <param name="columns">Codes in a row.</param>
    /// <param name="bits">2 to 7.</param>
    /// <param name="words">[rows, ceil(columns·bits/32)]; overwritten.</param>
    /// <exception cref="ArgumentOutOfRangeException">A code does not fit the bits.</exception>
    public static void Pack(ReadOnlySpan<sbyte> codes, int columns, int bits, Span<int> words)
    {
        int rowWords = WeightStorage.PackedWords(columns, bits);
        int offset = 1 << (bits - 1);
        for (int row = 0; row < codes.Length / Math.Max(1, columns); row++)
        {
            ulong pending = 0;
            int held = 0;
            int word = row * rowWords;
            foreach (sbyte code in codes.Slice(row * columns, columns))
            {
                ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)(code + offset), (uint)(2 * offset), nameof(codes));
                pending |= (ulong)(uint)(code + offset) << held;
                held += bits;
                if (held >= 32)
                {
                    words[word++] = (int)(uint)pending;
                    pending >>= 32;
                    held -= 32;
                }
            }

            if (held > 0)
            {
                words[word] = (int)(uint)pending;
            }
        }
    }

    /// <summary>Unpacks rows.</summary>
    /// <param name="words">[rows, ceil(columns·bits/32)].</param>
    /// <param name="columns">Codes in a row.</param>
    /// <param name="bits">2 to 7.</param>
    /// <param name="codes">[rows, columns]; overwritten.</param>
    /// <returns>Whether the unused bits at the row ends are zero.</returns>
    public static bool TryUnpack(ReadOnlySpan<int> words, int columns, int bits, Span<sbyte> codes)
    {
        int rowWords = WeightStorage.PackedWords(columns, bits);
        int offset = 1 << (bits - 1);
        uint mask = (uint)(2 * offset) - 1;
        bool clean = true;
        for (int row = 0; row < codes.Length / Math.Max(1, columns); row++)
        {
            ulong pending = 0;
            int held = 0;
            int word = row * rowWords;
            for (int i = 0; i < columns; i++)
            {
                if (held < bits)
                {
                    pending |= (ulong)(uint)words[word++] << held;
                    held += 32;
                }

                codes[(row * columns) + i] = (sbyte)((int)((uint)pending & mask) - offset);
                pending >>= bits;
                held -= bits;
            }

            clean &= pending == 0;
        }

        return clean;
    }
}
