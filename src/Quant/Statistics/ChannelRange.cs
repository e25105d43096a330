using MambaQuant.Quant.Safetensors;
using MambaQuant.Quant.Tensors;

namespace MambaQuant.Quant.Statistics;

/// <summary>The smallest and the largest value of every channel at a site.</summary>
/// <remarks>Immutable, exact: any order of merges gives the same. A range of no tokens is (+∞, −∞).</remarks>
public sealed class ChannelRange
{
    private const string MinimumName = "minimum";
    private const string MaximumName = "maximum";

    private readonly float[] _minimum;
    private readonly float[] _maximum;

    /// <summary>Makes a range.</summary>
    /// <param name="minimum">[C]; owned from now on.</param>
    /// <param name="maximum">[C]; owned from now on.</param>
    /// <exception cref="ArgumentException">The lengths differ.</exception>
    public ChannelRange(float[] minimum, float[] maximum)
    {
        ArgumentNullException.ThrowIfNull(minimum);
        ArgumentNullException.ThrowIfNull(maximum);
        if (minimum.Length != maximum.Length)
        {
            throw new ArgumentException($"{minimum.Length} minima do not belong to {maximum.Length} maxima", nameof(maximum));
        }

        _minimum = minimum;
        _maximum = maximum;
    }

    /// <summary>Number of channels C.</summary>
    public int Channels => _minimum.Length;

    /// <summary>Smallest value per channel, [C].</summary>
    public ReadOnlySpan<float> ChannelMinimum => _minimum;

    /// <summary>Largest value per channel, [C].</summary>
    public ReadOnlySpan<float> ChannelMaximum => _maximum;

    /// <summary>The smallest value of all channels; +∞ where nothing was observed.</summary>
    public float Minimum => _minimum.Length == 0 ? float.PositiveInfinity : _minimum.Min();

    /// <summary>The largest value of all channels; −∞ where nothing was observed.</summary>
    public float Maximum => _maximum.Length == 0 ? float.NegativeInfinity : _maximum.Max();

    /// <summary>The range of no tokens.</summary>
    /// <param name="channels">C.</param>
    public static ChannelRange Empty(int channels)
    {
        float[] minimum = new float[channels];
        float[] maximum = new float[channels];
        Array.Fill(minimum, float.PositiveInfinity);
        Array.Fill(maximum, float.NegativeInfinity);
        return new ChannelRange(minimum, maximum);
    }

    /// <summary>The range of both passes together.</summary>
    /// <param name="a">One pass.</param>
    /// <param name="b">The other.</param>
    /// <exception cref="ArgumentException">The numbers of channels differ.</exception>
    public static ChannelRange Merge(ChannelRange a, ChannelRange b)
    {
        ArgumentNullException.ThrowIfNull(a);
        ArgumentNullException.ThrowIfNull(b);
        if (a.Channels != b.Channels)
        {
            throw new ArgumentException($"a range of {b.Channels} channels cannot be merged into one of {a.Channels}", nameof(b));
        }

        float[] minimum = new float[a.Channels];
        float[] maximum = new float[a.Channels];
        for (int channel = 0; channel < minimum.Length; channel++)
        {
            minimum[channel] = Math.Min(a._minimum[channel], b._minimum[channel]);
            maximum[channel] = Math.Max(a._maximum[channel], b._maximum[channel]);
        }

        return new ChannelRange(minimum, maximum);
    }

    /// <summary>The largest magnitude of a channel.</summary>
    /// <param name="channel">0 to C − 1.</param>
    public float AbsoluteMaximum(int channel) => Math.Max(Math.Abs(_minimum[channel]), Math.Abs(_maximum[channel]));

    /// <summary>What <see cref="Write"/> is going to write.</summary>
    /// <param name="prefix">Put before every tensor name.</param>
    public IEnumerable<SafetensorsDeclaration> Declare(string prefix) =>
    [
        new(prefix + MinimumName, DType.F32, new Shape(Channels)),
        new(prefix + MaximumName, DType.F32, new Shape(Channels)),
    ];

    /// <summary>Writes minima and maxima.</summary>
    /// <param name="writer">A writer to which <see cref="Declare"/> of the same prefix was declared.</param>
    /// <param name="prefix">Put before every tensor name.</param>
    public void Write(SafetensorsWriter writer, string prefix)
    {
        ArgumentNullException.ThrowIfNull(writer);
        writer.Write(prefix + MinimumName, _minimum);
        writer.Write(prefix + MaximumName, _maximum);
    }

    /// <summary>Whether a file holds a range.</summary>
    /// <param name="file">The file.</param>
    /// <param name="prefix">Put before every tensor name.</param>
    public static bool IsIn(SafetensorsFile file, string prefix)
    {
        ArgumentNullException.ThrowIfNull(file);
        return file.TryGet(prefix + MinimumName, out _);
    }

    /// <summary>Reads what <see cref="Write"/> wrote.</summary>
    /// <param name="file">The file.</param>
    /// <param name="prefix">Put before every tensor name.</param>
    /// <exception cref="InvalidSafetensorsException">A tensor is missing or of another type or size.</exception>
    public static ChannelRange Read(SafetensorsFile file, string prefix)
    {
        float[] minimum = StoredValues.Float32(file, prefix + MinimumName);
        return new ChannelRange(minimum, StoredValues.Float32(file, prefix + MaximumName, minimum.Length));
    }
}
