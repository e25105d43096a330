using MambaQuant.Quant.Kernels;
using MambaQuant.Quant.Safetensors;
using MambaQuant.Quant.Tensors;

namespace MambaQuant.Quant.Statistics;

/// <summary>How often the values of a site fell into the fixed bins of <see cref="HistogramBins.ValueBin"/>: what percentile and MSE ranges are made from.</summary>
/// <remarks>Immutable, exact: integer counts, so any order of merges gives the same.</remarks>
public sealed class ValueHistogram
{
    private const string BinsName = "bins";
    private const string CountsName = "counts";

    private readonly long[] _counts;

    /// <summary>Makes a histogram.</summary>
    /// <param name="counts">[<see cref="HistogramBins.ValueBinCount"/>]; owned from now on.</param>
    /// <exception cref="ArgumentException">The number of bins is another.</exception>
    public ValueHistogram(long[] counts)
    {
        ArgumentNullException.ThrowIfNull(counts);
        if (counts.Length != HistogramBins.ValueBinCount)
        {
            throw new ArgumentException($"a histogram of values has {HistogramBins.ValueBinCount} bins, found {counts.Length}", nameof(counts));
        }

        _counts = counts;
    }

    /// <summary>Count per bin, [<see cref="HistogramBins.ValueBinCount"/>].</summary>
    public ReadOnlySpan<long> Counts => _counts;

    /// <summary>Number of values counted.</summary>
    public long Total => _counts.Sum();

    /// <summary>The histogram of no values.</summary>
    public static ValueHistogram Empty() => new(new long[HistogramBins.ValueBinCount]);

    /// <summary>The histogram of both passes together.</summary>
    /// <param name="a">One pass.</param>
    /// <param name="b">The other.</param>
    public static ValueHistogram Merge(ValueHistogram a, ValueHistogram b)
    {
        ArgumentNullException.ThrowIfNull(a);
        ArgumentNullException.ThrowIfNull(b);
        return new ValueHistogram([.. a._counts.Zip(b._counts, (x, y) => checked(x + y))]);
    }

    /// <summary>What <see cref="Write"/> is going to write: only bins that are not empty.</summary>
    /// <param name="prefix">Put before every tensor name.</param>
    public IEnumerable<SafetensorsDeclaration> Declare(string prefix)
    {
        var shape = new Shape(FilledBins().Length);
        return [new(prefix + BinsName, DType.I32, shape), new(prefix + CountsName, DType.I64, shape)];
    }

    /// <summary>Writes the bins that are not empty, in ascending order.</summary>
    /// <param name="writer">A writer to which <see cref="Declare"/> of the same prefix was declared.</param>
    /// <param name="prefix">Put before every tensor name.</param>
    public void Write(SafetensorsWriter writer, string prefix)
    {
        ArgumentNullException.ThrowIfNull(writer);
        int[] bins = FilledBins();
        writer.Write(prefix + BinsName, bins);
        writer.Write(prefix + CountsName, Array.ConvertAll(bins, bin => _counts[bin]));
    }

    /// <summary>Whether a file holds a histogram.</summary>
    /// <param name="file">The file.</param>
    /// <param name="prefix">Put before every tensor name.</param>
    public static bool IsIn(SafetensorsFile file, string prefix)
    {
        ArgumentNullException.ThrowIfNull(file);
        return file.TryGet(prefix + BinsName, out _);
    }

    /// <summary>Reads what <see cref="Write"/> wrote.</summary>
    /// <param name="file">The file.</param>
    /// <param name="prefix">Put before every tensor name.</param>
    /// <exception cref="InvalidSafetensorsException">A tensor is missing or of another type or size, or a bin does not exist.</exception>
    public static ValueHistogram Read(SafetensorsFile file, string prefix)
    {
        int[] bins = StoredValues.Int32(file, prefix + BinsName);
        long[] filled = StoredValues.Int64(file, prefix + CountsName, bins.Length);
        long[] counts = new long[HistogramBins.ValueBinCount];
        for (int i = 0; i < bins.Length; i++)
        {
            if ((uint)bins[i] >= HistogramBins.ValueBinCount || filled[i] <= 0)
            {
                throw StoredValues.Wrong(file, prefix + BinsName, "bins with positive counts", $"bin {bins[i]} with count {filled[i]}");
            }

            counts[bins[i]] = filled[i];
        }

        return new ValueHistogram(counts);
    }

    private int[] FilledBins() => [.. Enumerable.Range(0, _counts.Length).Where(bin => _counts[bin] != 0)];
}
