using MambaQuant.Quant.Kernels;
using MambaQuant.Quant.Statistics;
using MambaQuant.Quant.Tensors;

namespace MambaQuant.Quant.Quantization;

/// <summary>The damped second moments that GPTQ works with, on the device, in the order in which columns are rounded.</summary>
internal sealed class GptqMoment : IDisposable
{
    // Values that travel to the device at once: 8 MiB.
    private const int TravellingValues = 1 << 20;

    private readonly IKernels _kernels;
    private readonly int[]? _order;

    private GptqMoment(IKernels kernels, Tensor matrix, int[]? order, double damping, int deadInputs)
    {
        _kernels = kernels;
        Matrix = matrix;
        _order = order;
        Damping = damping;
        DeadInputs = deadInputs;
    }

    /// <summary>M, [I, I] F64, symmetric.</summary>
    public Tensor Matrix { get; }

    /// <summary>Inputs I.</summary>
    public int Channels => Matrix.Shape.Columns;

    /// <summary>What was added to the diagonal, as a share of its mean.</summary>
    public double Damping { get; }

    /// <summary>Inputs whose diagonal was zero.</summary>
    public int DeadInputs { get; }

    /// <summary>Damps moments and brings them to the device.</summary>
    /// <param name="kernels">The backend.</param>
    /// <param name="moment">Σ x xᵀ.</param>
    /// <param name="damping">Share of the mean diagonal to add; where the whole diagonal is zero the result is the identity.</param>
    /// <param name="ordered">Whether the largest diagonal goes first; of equal ones the earlier input.</param>
    public static GptqMoment Upload(IKernels kernels, SecondMoment moment, double damping, bool ordered)
    {
        int channels = moment.Channels;
        double[] diagonal = [.. Enumerable.Range(0, channels).Select(i => Entry(moment, i, i))];
        double mean = diagonal.Sum() / channels;
        double added = mean > 0 ? damping * mean : 1;
        int[]? order = ordered ? [.. Enumerable.Range(0, channels).OrderByDescending(i => diagonal[i])] : null;
        Tensor matrix = kernels.Allocate(DType.F64, new Shape(channels, channels));
        int rowsAtOnce = Math.Max(1, TravellingValues / channels);
        for (int first = 0; first < channels; first += rowsAtOnce)
        {
            int count = Math.Min(rowsAtOnce, channels - first);
            double[] values = new double[count * channels];
            for (int row = first; row < first + count; row++)
            {
                for (int column = 0; column <= row; column++)
                {
                    int i = order is null ? row : order[row], j = order is null ? column : order[column];
                    values[((row - first) * channels) + column] = Entry(moment, i, j) + (row == column ? added : 0);
                }
            }

            using Tensor uploaded = kernels.Upload<double>(values, new Shape(count, channels));
            using Tensor rows = kernels.Rows(matrix, first, count);
            kernels.Copy(uploaded, rows);
        }

        kernels.MirrorLowerTriangle(matrix);
        return new GptqMoment(kernels, matrix, order, damping, diagonal.Count(value => value == 0));
    }

    /// <summary>The input whose weights stand in a column of the arranged weights.</summary>
    /// <param name="column">Position in the order of rounding.</param>
    public int InputAt(int column) => _order is null ? column : _order[column];

    /// <summary>Weights in fp64 with the columns in the order of rounding.</summary>
    /// <param name="weight">[O, I] F32.</param>
    /// <returns>[O, I] F64; the caller disposes it.</returns>
    public Tensor Arrange(Tensor weight)
    {
        if (_order is null)
        {
            return _kernels.ToDouble(weight);
        }

        float[] values = _kernels.ToArray<float>(weight);
        double[] arranged = new double[values.Length];
        for (int row = 0; row < weight.Shape[0]; row++)
        {
            for (int column = 0; column < Channels; column++)
            {
                arranged[(row * Channels) + column] = values[(row * Channels) + _order[column]];
            }
        }

        return _kernels.Upload<double>(arranged, weight.Shape);
    }

    /// <summary>Codes with the columns back in the order of the inputs.</summary>
    /// <param name="codes">[O, I] I8 in the order of rounding; owned from now on.</param>
    public Tensor RestoreOrder(Tensor codes)
    {
        if (_order is null)
        {
            return codes;
        }

        using Tensor arranged = codes;
        sbyte[] values = _kernels.ToArray<sbyte>(arranged);
        sbyte[] restored = new sbyte[values.Length];
        for (int row = 0; row < arranged.Shape[0]; row++)
        {
            for (int column = 0; column < Channels; column++)
            {
                restored[(row * Channels) + _order[column]] = values[(row * Channels) + column];
            }
        }

        return _kernels.Upload<sbyte>(restored, arranged.Shape);
    }

    /// <summary>Tr(D M Dᵀ) with D the weights, or what quantization lost of them.</summary>
    /// <param name="weight">[O, I] F32, inputs in their own order.</param>
    /// <param name="codes">Codes of the weights; null for the weights themselves.</param>
    public double QuadraticForm(Tensor weight, WeightCodes? codes)
    {
        double[] difference = Array.ConvertAll(_kernels.ToArray<float>(weight), value => (double)value);
        if (codes is not null)
        {
            using Tensor values = _kernels.Dequantize(codes);
            float[] quantized = _kernels.ToArray<float>(values);
            for (int i = 0; i < difference.Length; i++)
            {
                difference[i] -= quantized[i];
            }
        }

        if (_order is not null)
        {
            double[] inOrder = difference;
            difference = new double[inOrder.Length];
            for (int i = 0; i < difference.Length; i++)
            {
                int column = i % Channels;
                difference[i] = inOrder[i - column + _order[column]];
            }
        }

        using Tensor left = _kernels.Upload<double>(difference, weight.Shape);
        using Tensor product = _kernels.Multiply(left, Matrix, transposeA: false, transposeB: false);
        double[] right = _kernels.ToArray<double>(product);
        double sum = 0;
        for (int i = 0; i < right.Length; i++)
        {
            sum += difference[i] * right[i];
        }

        return sum;
    }

    /// <inheritdoc/>
    public void Dispose() => Matrix.Dispose();

    private static double Entry(SecondMoment moment, int i, int j)
    {
        (long row, long column) = i >= j ? (i, j) : (j, i);
        return moment.Packed[(int)((row * (row + 1) / 2) + column)] / moment.Count;
    }
}
