using System.Numerics;

namespace MambaQuant.Quant.Datasets;

/// <summary>Random numbers that a seed fixes for good: the same on every machine, runtime and thread count.</summary>
/// <remarks>
/// xoshiro256** (Blackman and Vigna, 2018), its state filled by SplitMix64 from seed and stream. Numbers for different streams
/// of one seed are independent, so that parts of a run that draw side by side need not share one. Not thread-safe.
/// </remarks>
public sealed class SeededRandom
{
    // 2^64 divided by the golden ratio, made odd: SplitMix64's step.
    private const ulong GoldenStep = 0x9E3779B97F4A7C15;

    private readonly ulong[] _state = new ulong[4];
    private double? _spareGaussian;

    /// <summary>Starts a sequence.</summary>
    /// <param name="seed">Any value.</param>
    /// <param name="stream">Which of the seed's sequences; 0 by default.</param>
    public SeededRandom(ulong seed, ulong stream = 0)
    {
        ulong mixer = Mix(seed) ^ BitOperations.RotateLeft(Mix(stream + GoldenStep), 32);
        for (int i = 0; i < _state.Length; i++)
        {
            mixer += GoldenStep;
            _state[i] = Mix(mixer);
        }
    }

    /// <summary>64 random bits.</summary>
    public ulong NextUInt64()
    {
        ulong[] s = _state;
        ulong result = BitOperations.RotateLeft(s[1] * 5, 7) * 9;
        ulong shifted = s[1] << 17;
        s[2] ^= s[0];
        s[3] ^= s[1];
        s[1] ^= s[2];
        s[0] ^= s[3];
        s[2] ^= shifted;
        s[3] = BitOperations.RotateLeft(s[3], 45);
        return result;
    }

    /// <summary>A whole number from 0 up to a bound, each equally likely.</summary>
    /// <param name="bound">One more than the largest result, at least 1.</param>
    /// <exception cref="ArgumentOutOfRangeException">The bound is below 1.</exception>
    public int NextInt(int bound)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(bound, 1);

        // The high half of a product is uniform but for some low halves, which are drawn again.
        ulong range = (ulong)bound;
        ulong high = Math.BigMul(NextUInt64(), range, out ulong low);
        ulong rejected = (0 - range) % range;
        while (low < rejected)
        {
            high = Math.BigMul(NextUInt64(), range, out low);
        }

        return (int)high;
    }

    /// <summary>A number from 0 up to but not including 1, in steps of 2^-53, each equally likely.</summary>
    public double NextDouble() => (NextUInt64() >> 11) * (1.0 / (1UL << 53));

    /// <summary>A number from the normal distribution of mean 0 and variance 1.</summary>
    /// <remarks>Marsaglia's polar method: a point in the unit disc gives two numbers, the second is kept for the next call.</remarks>
    public double NextGaussian()
    {
        if (_spareGaussian is double spare)
        {
            _spareGaussian = null;
            return spare;
        }

        while (true)
        {
            double x = (2 * NextDouble()) - 1;
            double y = (2 * NextDouble()) - 1;
            double square = (x * x) + (y * y);
            if (square is > 0 and < 1)
            {
                double factor = Math.Sqrt(-2 * Math.Log(square) / square);
                _spareGaussian = y * factor;
                return x * factor;
            }
        }
    }

    /// <summary>-1 or 1, equally likely.</summary>
    public int Sign() => (NextUInt64() >> 63) == 0 ? 1 : -1;

    /// <summary>Puts a list into a random order, every order equally likely.</summary>
    /// <param name="items">The list; changed in place.</param>
    public void Shuffle<T>(Span<T> items)
    {
        for (int last = items.Length - 1; last > 0; last--)
        {
            int other = NextInt(last + 1);
            (items[last], items[other]) = (items[other], items[last]);
        }
    }

    // The output function of SplitMix64: every input bit reaches every output bit.
    private static ulong Mix(ulong value)
    {
        value = (value ^ (value >> 30)) * 0xBF58476D1CE4E5B9;
        value = (value ^ (value >> 27)) * 0x94D049BB133111EB;
        return value ^ (value >> 31);
    }
}
