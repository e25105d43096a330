using MambaQuant.Quant.Kernels;
using MambaQuant.Quant.Safetensors;
using MambaQuant.Quant.Tensors;

namespace MambaQuant.Quant.Statistics;

/// <summary>How large the recurrent state h gets where it meets C: per channel and state, and as a histogram of |h| per channel.</summary>
/// <remarks>Immutable, exact: maxima and integer counts, so any order of merges gives the same.</remarks>
public sealed class StateStatistics
{
    private const string AbsoluteMaximumName = "absolute_maximum";
    private const string MagnitudesName = "magnitudes";

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
        if (HasMagnitudes)
        {
            yield return new(prefix + MagnitudesName, DType.I64, new Shape(Channels, HistogramBins.MagnitudeBinCount));
        }
    }

    /// <summary>Writes maxima and counts.</summary>
    /// <param name="writer">A writer to which <see cref="Declare"/> of the same prefix was declared.</param>
    /// <param name="prefix">Put before every tensor name.</param>
    public void Write(SafetensorsWriter writer, string prefix)
    {
        ArgumentNullException.ThrowIfNull(writer);
        writer.Write(prefix + AbsoluteMaximumName, _absoluteMaximum);
        if (_magnitudes is not null)
        {
            writer.Write(prefix + MagnitudesName, _magnitudes);
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
            file.TryGet(prefix + MagnitudesName, out _)
                ? StoredValues.Int64(file, prefix + MagnitudesName, (long)channels * HistogramBins.MagnitudeBinCount)
                : null);
    }

    /// <summary>Sizes, for messages.</summary>
    public override string ToString() => $"[{Channels}, {States}] {(HasMagnitudes ? "with" : "without")} histogram";
}
