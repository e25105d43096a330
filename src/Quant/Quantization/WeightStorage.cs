using MambaQuant.Quant.Tensors;

namespace MambaQuant.Quant.Quantization;

/// <summary>How quantized weights lie in a checkpoint: which are packed, how many columns share a scale, how many bytes that takes.</summary>
public static class WeightStorage
{
    /// <summary>The largest number of bits that is stored packed; more are stored one code a byte.</summary>
    public const int MaxPackedBits = 7;

    /// <summary>Columns that share a scale; all of them where a scale serves a row or the tensor.</summary>
    /// <param name="args">How the weights are quantized.</param>
    /// <param name="columns">Columns of the matrix.</param>
    /// <exception cref="ArgumentException">Weights cannot be quantized so.</exception>
    public static int ColumnsPerScale(QuantizationArgs args, int columns)
    {
        ArgumentNullException.ThrowIfNull(args);
        return args.Strategy switch
        {
            QuantizationStrategy.Tensor or QuantizationStrategy.Channel => columns,
            QuantizationStrategy.Group => Math.Min(args.GroupSize, columns),
            _ => throw new ArgumentException($"weights cannot be quantized by {args.Strategy.Name()}", nameof(args)),
        };
    }

    /// <summary>Shape of the scales as stored: [1], [O, 1] or [O, G].</summary>
    /// <param name="args">How the weights are quantized.</param>
    /// <param name="matrix">[O, I].</param>
    public static Shape ScaleShape(QuantizationArgs args, Shape matrix)
    {
        int perScale = ColumnsPerScale(args, matrix.Columns);
        return args.Strategy == QuantizationStrategy.Tensor
            ? new Shape(1)
            : new Shape(matrix.Rows, (matrix.Columns + perScale - 1) / perScale);
    }

    /// <summary>Whether codes are packed into words.</summary>
    /// <param name="args">How the weights are quantized.</param>
    public static bool PacksCodes(QuantizationArgs args)
    {
        ArgumentNullException.ThrowIfNull(args);
        return args.Bits <= MaxPackedBits;
    }

    /// <summary>Whether zero points are packed as the codes are; one for the whole tensor never is.</summary>
    /// <param name="args">How the weights are quantized.</param>
    public static bool PacksZeroPoints(QuantizationArgs args) => PacksCodes(args) && args.Strategy != QuantizationStrategy.Tensor;

    /// <summary>32-bit words that hold so many values of so many bits.</summary>
    /// <param name="count">Values, at least 0.</param>
    /// <param name="bits">Bits of a value.</param>
    /// <exception cref="OverflowException">More than 2³¹−1 words.</exception>
    public static int PackedWords(int count, int bits) => checked((int)((((long)count * bits) + 31) / 32));

    /// <summary>Bytes of codes, scales and zero points together.</summary>
    /// <param name="args">How the weights are quantized.</param>
    /// <param name="matrix">[O, I].</param>
    public static long Bytes(QuantizationArgs args, Shape matrix)
    {
        Shape scales = ScaleShape(args, matrix);
        long codes = PacksCodes(args) ? (long)matrix.Rows * PackedWords(matrix.Columns, args.Bits) * sizeof(int) : matrix.ElementCount;
        long zeroPoints = args.Symmetric ? 0
            : PacksZeroPoints(args) ? (long)PackedWords(scales.Rows, args.Bits) * scales.Columns * sizeof(int)
            : scales.ElementCount;
        return checked(codes + (scales.ElementCount * sizeof(float)) + zeroPoints);
    }
}
