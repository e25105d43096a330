using MambaQuant.Quant.Kernels;
using MambaQuant.Quant.Safetensors;
using MambaQuant.Quant.Tensors;

namespace MambaQuant.Quant.Statistics;

/// <summary>How large the recurrent state h gets where it meets C: per channel and state, and as a histogram of |h| per channel.</summary>
/// <remarks>
/// Immutable, exact: maxima and integer counts, so any order of merges gives the same. In a file only the bins that are not empty stand,
/// a byte for the bin and four or eight for its count: of 256 bins a channel fills a few dozen.
/// </remarks>
public sealed class StateStatistics
{
    private const string AbsoluteMaximumName = "absolute_maximum";
    private const string FilledName = "magnitudes.filled";
    private const string BinsName = "magnitudes.bins";
    private const string CountsName = "magnitudes.counts";

    // Bins 0 to 255 as signed bytes, the only kind of byte that files here have.
    private const int BinOffset = 128;

    private readonly float[] _absoluteMaximum;
    private readonly long[]? _magnitudes;

    /// <summary>Makes statistics of a state.</summary>
    /// <param name="states">Number of states N per channel, at least 1.</param>
    /// <param name="absoluteMaximum">Largest |h|, [E, N]; owned from now on.</param>
    /// <param name="magnitudes">Histogram of |h| per channel, [E, <see cref="HistogramBins.MagnitudeBinCount"/>], or null; owned from now on.</param>
    /// <exception cref="ArgumentException">The lengths do not belong together.</exception>
    public StateStatistics(int states, float[] absoluteMaximum, long[]? magnitudes)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(states, 1);
        ArgumentNullException.ThrowIfNull(absoluteMaximum);
        if (absoluteMaximum.Length % states != 0)
        {
            throw new ArgumentException($"{absoluteMaximum.Length} maxima do not make rows of {states} states", nameof(absoluteMaximum));
        }

        States = states;
        Channels = absoluteMaximum.Length / states;
        if (magnitudes is not null && magnitudes.Length != (long)Channels * HistogramBins.MagnitudeBinCount)
        {
            throw new ArgumentException(
                $"{Channels} channels have {(long)Channels * HistogramBins.MagnitudeBinCount} bins, found {magnitudes.Length}", nameof(magnitudes));
        }

        _absoluteMaximum = absoluteMaximum;
        _magnitudes = magnitudes;
    }

    /// <summary>Number of channels E.</summary>
    public int Channels { get; }

    /// <summary>Number of states N per channel.</summary>
    public int States { get; }

    /// <summary>Largest |h| per channel and state, [E, N], row-major.</summary>
    public ReadOnlySpan<float> AbsoluteMaximum => _absoluteMaximum;

    /// <summary>Whether magnitudes were counted.</summary>
    public bool HasMagnitudes => _magnitudes is not null;

    /// <summary>Histogram of |h| over all states of a channel, [E, <see cref="HistogramBins.MagnitudeBinCount"/>], row-major; empty where it was not asked for.</summary>
    public ReadOnlySpan<long> Magnitudes => _magnitudes;

    /// <summary>The statistics of both passes together.</summary>
    /// <param name="a">One pass.</param>
    /// <param name="b">The other.</param>
    /// <exception cref="ArgumentException">The sizes differ, or only one has a histogram.</exception>
    public static StateStatistics Merge(StateStatistics a, StateStatistics b)
    {
        ArgumentNullException.ThrowIfNull(a);
        ArgumentNullException.ThrowIfNull(b);
        if (a.Channels != b.Channels || a.States != b.States || a.HasMagnitudes != b.HasMagnitudes)
        {
            throw new ArgumentException($"the state {b} cannot be merged into {a}", nameof(b));
        }

        return new StateStatistics(
            a.States,
            [.. a._absoluteMaximum.Zip(b._absoluteMaximum, Math.Max)],
            a._magnitudes is null ? null : [.. a._magnitudes.Zip(b._magnitudes!, (x, y) => checked(x + y))]);
    }

    /// <summary>The same with or without the histogram.</summary>
    /// <param name="withMagnitudes">Whether to keep it.</param>
    internal StateStatistics Select(bool withMagnitudes) =>
        withMagnitudes || !HasMagnitudes ? this : new StateStatistics(States, _absoluteMaximum, null);

    /// <summary>The largest |h| of a channel over its states.</summary>
    /// <param name="channel">0 to E − 1.</param>
    public float ChannelAbsoluteMaximum(int channel)
    {
        float largest = 0;
        foreach (float value in AbsoluteMaximum.Slice(channel * States, States))
        {
            largest = Math.Max(largest, value);
        }

        return largest;
    }

    /// <summary>The largest |h| of a state over all channels.</summary>
    /// <param name="state">0 to N − 1.</param>
    public float StateAbsoluteMaximum(int state)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(state);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(state, States);
        float largest = 0;
        for (int i = state; i < _absoluteMaximum.Length; i += States)
        {
            largest = Math.Max(largest, _absoluteMaximum[i]);
        }

        return largest;
    }

    /// <summary>The histogram of |h| of one channel; empty where it was not asked for.</summary>
    /// <param name="channel">0 to E − 1.</param>
    public ReadOnlySpan<long> ChannelMagnitudes(int channel) =>
        _magnitudes is null ? [] : _magnitudes.AsSpan(channel * HistogramBins.MagnitudeBinCount, HistogramBins.MagnitudeBinCount);

    /// <summary>What <see cref="Write"/> is going to write.</summary>
    /// <param name="prefix">Put before every tensor name.</param>
    public IEnumerable<SafetensorsDeclaration> Declare(string prefix)
    {
        yield return new(prefix + AbsoluteMaximumName, DType.F32, new Shape(Channels, States));
        if (_magnitudes is not null)
        {
            int filled = _magnitudes.Count(count => count != 0);
            yield return new(prefix + FilledName, DType.I32, new Shape(Channels));
            yield return new(prefix + BinsName, DType.I8, new Shape(filled));
            yield return new(prefix + CountsName, CountType, new Shape(filled));
        }
    }

    /// <summary>Writes maxima and counts.</summary>
    /// <param name="writer">A writer to which <see cref="Declare"/> of the same prefix was declared.</param>
    /// <param name="prefix">Put before every tensor name.</param>
    public void Write(SafetensorsWriter writer, string prefix)
    {
        ArgumentNullException.ThrowIfNull(writer);
        writer.Write(prefix + AbsoluteMaximumName, _absoluteMaximum);
        if (_magnitudes is null)
        {
            return;
        }

        int[] places = [.. Enumerable.Range(0, _magnitudes.Length).Where(place => _magnitudes[place] != 0)];
        int[] filled = new int[Channels];
        foreach (int place in places)
        {
            filled[place / HistogramBins.MagnitudeBinCount]++;
        }

        writer.Write(prefix + FilledName, filled);
        writer.Write(prefix + BinsName, Array.ConvertAll(places, place => (sbyte)((place % HistogramBins.MagnitudeBinCount) - BinOffset)));
        if (CountType == DType.I32)
        {
            writer.Write(prefix + CountsName, Array.ConvertAll(places, place => (int)_magnitudes[place]));
        }
        else
        {
            writer.Write(prefix + CountsName, Array.ConvertAll(places, place => _magnitudes[place]));
        }
    }

    /// <summary>Whether a file holds statistics of a state.</summary>
    /// <param name="file">The file.</param>
    /// <param name="prefix">Put before every tensor name.</param>
    public static bool IsIn(SafetensorsFile file, string prefix)
    {
        ArgumentNullException.ThrowIfNull(file);
        return file.TryGet(prefix + AbsoluteMaximumName, out _);
    }

    /// <summary>Reads what <see cref="Write"/> wrote.</summary>
    /// <param name="file">The file.</param>
    /// <param name="prefix">Put before every tensor name.</param>
    /// <exception cref="InvalidSafetensorsException">A tensor is missing or of another type or size.</exception>
    public static StateStatistics Read(SafetensorsFile file, string prefix)
    {
        ArgumentNullException.ThrowIfNull(file);
        int channels = StoredValues.RowCount(file, prefix + AbsoluteMaximumName);
        float[] absoluteMaximum = StoredValues.Float32(file, prefix + AbsoluteMaximumName);
        if (channels == 0 || absoluteMaximum.Length == 0)
        {
            throw StoredValues.Wrong(file, prefix + AbsoluteMaximumName, "at least one channel and state", $"{channels} channels");
        }

        return new StateStatistics(
            absoluteMaximum.Length / channels,
            absoluteMaximum,
            file.TryGet(prefix + FilledName, out _) ? ReadMagnitudes(file, prefix, channels) : null);
    }

    /// <summary>Sizes, for messages.</summary>
    public override string ToString() => $"[{Channels}, {States}] {(HasMagnitudes ? "with" : "without")} histogram";

    private DType CountType => _magnitudes!.Max() <= int.MaxValue ? DType.I32 : DType.I64;

    private static long[] ReadMagnitudes(SafetensorsFile file, string prefix, int channels)
    {
        int[] filled = StoredValues.Int32(file, prefix + FilledName, channels);
        sbyte[] bins = StoredValues.Int8(file, prefix + BinsName);
        long[] counts = StoredValues.Integers(file, prefix + CountsName, bins.Length);
        if (filled.Any(count => count is < 0 or > HistogramBins.MagnitudeBinCount) || filled.Sum(count => (long)count) != bins.Length)
        {
            throw StoredValues.Wrong(file, prefix + FilledName, $"{bins.Length} filled bins in all", $"{filled.Sum(count => (long)count)}");
        }

        long[] magnitudes = new long[checked(channels * HistogramBins.MagnitudeBinCount)];
        int next = 0;
        for (int channel = 0; channel < channels; channel++)
        {
            for (int last = next + filled[channel]; next < last; next++)
            {
                magnitudes[(channel * HistogramBins.MagnitudeBinCount) + bins[next] + BinOffset] = counts[next] > 0
                    ? counts[next]
                    : throw StoredValues.Wrong(file, prefix + CountsName, "positive counts", $"{counts[next]}");
            }
        }

        return magnitudes;
    }
}
