using MambaQuant.Quant.Safetensors;
using MambaQuant.Quant.Tensors;

namespace MambaQuant.Quant.Statistics;

/// <summary>Count, Σ x and Σ x xᵀ of the activations at a site: what covariances, rotations and GPTQ are made from.</summary>
/// <remarks>
/// Immutable. Unit: activation². Additive: the moment of two passes is the sum of their moments, element by element in fp64, so a
/// result depends on the order of the merges only, which the plan fixes. The symmetric matrix is kept as its lower triangle,
/// packed row by row: entry (i, j), j ≤ i, stands at i (i + 1) / 2 + j. Holds 4·C² bytes (C = 5120: 105 MB).
/// </remarks>
public sealed class SecondMoment
{
    private readonly double[] _sum;
    private readonly double[] _packed;

    /// <summary>Makes a moment from its sums.</summary>
    /// <param name="count">Number of tokens that were added.</param>
    /// <param name="sum">Σ x, [C]; owned from now on.</param>
    /// <param name="packed">Lower triangle of Σ x xᵀ, C (C + 1) / 2 entries, row by row; owned from now on.</param>
    /// <exception cref="ArgumentException">The lengths do not belong together.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The count is negative.</exception>
    public SecondMoment(long count, double[] sum, double[] packed)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        ArgumentNullException.ThrowIfNull(sum);
        ArgumentNullException.ThrowIfNull(packed);
        if (packed.Length != PackedLength(sum.Length))
        {
            throw new ArgumentException(
                $"the lower triangle for {sum.Length} channels has {PackedLength(sum.Length)} entries, found {packed.Length}", nameof(packed));
        }

        Count = count;
        _sum = sum;
        _packed = packed;
    }

    /// <summary>Number of tokens that were added.</summary>
    public long Count { get; }

    /// <summary>Number of channels C.</summary>
    public int Channels => _sum.Length;

    /// <summary>Σ x, [C].</summary>
    public ReadOnlySpan<double> Sum => _sum;

    /// <summary>Lower triangle of Σ x xᵀ, row by row.</summary>
    public ReadOnlySpan<double> Packed => _packed;

    /// <summary>The moment of no tokens.</summary>
    /// <param name="channels">C.</param>
    public static SecondMoment Empty(int channels) => new(0, new double[channels], new double[PackedLength(channels)]);

    /// <summary>The number of entries of a packed lower triangle.</summary>
    /// <param name="channels">C.</param>
    /// <exception cref="OverflowException">The triangle has more than <see cref="int.MaxValue"/> entries.</exception>
    public static int PackedLength(int channels) => checked((int)((long)channels * (channels + 1) / 2));

    /// <summary>The moment of both passes together: every sum is a + b.</summary>
    /// <param name="a">The earlier one in the plan's order.</param>
    /// <param name="b">The later one.</param>
    /// <remarks>Order: fp64 sums, so (a + b) + c and a + (b + c) may differ in the last bits; merge in the plan's order.</remarks>
    /// <exception cref="ArgumentException">The numbers of channels differ.</exception>
    public static SecondMoment Merge(SecondMoment a, SecondMoment b)
    {
        ArgumentNullException.ThrowIfNull(a);
        ArgumentNullException.ThrowIfNull(b);
        if (a.Channels != b.Channels)
        {
            throw new ArgumentException($"a moment of {b.Channels} channels cannot be merged into one of {a.Channels}", nameof(b));
        }

        return new SecondMoment(checked(a.Count + b.Count), Added(a._sum, b._sum), Added(a._packed, b._packed));
    }

    /// <summary>The mean μ = Σ x / n.</summary>
    /// <returns>[C], a new array.</returns>
    /// <exception cref="InvalidOperationException">No token was added.</exception>
    public double[] Mean()
    {
        EnsureNotEmpty();
        return Array.ConvertAll(_sum, value => value / Count);
    }

    /// <summary>The covariance Σ x xᵀ / n − μ μᵀ, or without the second term.</summary>
    /// <param name="centered">Whether the mean is taken off.</param>
    /// <returns>[C, C], row-major, symmetric to the bit, a new array (8·C² bytes).</returns>
    /// <exception cref="InvalidOperationException">No token was added.</exception>
    public double[] Covariance(bool centered)
    {
        double[] mean = Mean();
        int channels = Channels;
        double[] full = new double[checked(channels * channels)];
        int next = 0;
        for (int i = 0; i < channels; i++)
        {
            for (int j = 0; j <= i; j++)
            {
                double value = (_packed[next++] / Count) - (centered ? mean[i] * mean[j] : 0);
                full[(i * channels) + j] = value;
                full[(j * channels) + i] = value;
            }
        }

        return full;
    }

    /// <summary>The uncentred second moment Σ x xᵀ / n: what GPTQ reads.</summary>
    /// <returns>[C, C], row-major, symmetric to the bit, a new array.</returns>
    /// <exception cref="InvalidOperationException">No token was added.</exception>
    public double[] Uncentred() => Covariance(centered: false);

    /// <summary>What <see cref="Write"/> is going to write.</summary>
    /// <param name="prefix">Put before every tensor name, such as "out_proj_input.second_moment.".</param>
    public IEnumerable<SafetensorsDeclaration> Declare(string prefix) =>
    [
        new(prefix + CountName, DType.I64, new Shape(1)),
        new(prefix + SumName, DType.F64, new Shape(Channels)),
        new(prefix + OuterName, DType.F64, new Shape(_packed.Length)),
    ];

    /// <summary>Writes count, sum and packed triangle.</summary>
    /// <param name="writer">A writer to which <see cref="Declare"/> of the same prefix was declared.</param>
    /// <param name="prefix">Put before every tensor name.</param>
    public void Write(SafetensorsWriter writer, string prefix)
    {
        ArgumentNullException.ThrowIfNull(writer);
        writer.Write(prefix + CountName, [Count]);
        writer.Write(prefix + SumName, _sum);
        writer.Write(prefix + OuterName, _packed);
    }

    /// <summary>Whether a file holds a moment.</summary>
    /// <param name="file">The file.</param>
    /// <param name="prefix">Put before every tensor name.</param>
    public static bool IsIn(SafetensorsFile file, string prefix)
    {
        ArgumentNullException.ThrowIfNull(file);
        return file.TryGet(prefix + OuterName, out _);
    }

    /// <summary>Reads what <see cref="Write"/> wrote.</summary>
    /// <param name="file">The file.</param>
    /// <param name="prefix">Put before every tensor name.</param>
    /// <exception cref="InvalidSafetensorsException">A tensor is missing or of another type or size.</exception>
    public static SecondMoment Read(SafetensorsFile file, string prefix)
    {
        long count = StoredValues.Int64(file, prefix + CountName, 1)[0];
        double[] sum = StoredValues.Float64(file, prefix + SumName);
        double[] packed = StoredValues.Float64(file, prefix + OuterName, PackedLength(sum.Length));
        return count >= 0
            ? new SecondMoment(count, sum, packed)
            : throw StoredValues.Wrong(file, prefix + CountName, "a count of at least 0", $"{count}");
    }

    private const string CountName = "count";
    private const string SumName = "sum";
    private const string OuterName = "outer";

    private static double[] Added(double[] a, double[] b)
    {
        double[] total = new double[a.Length];
        for (int i = 0; i < total.Length; i++)
        {
            total[i] = a[i] + b[i];
        }

        return total;
    }

    private void EnsureNotEmpty()
    {
        if (Count == 0)
        {
            throw new InvalidOperationException("a second moment of no tokens has no mean and no covariance; observe some tokens first");
        }
    }
}
