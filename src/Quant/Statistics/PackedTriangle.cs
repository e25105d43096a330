using MambaQuant.Quant.Kernels;
using MambaQuant.Quant.Tensors;

namespace MambaQuant.Quant.Statistics;

/// <summary>Brings the lower triangle of a symmetric matrix from a device to the host, packed, and back; never twice in host memory.</summary>
internal static class PackedTriangle
{
    // Values that travel at once: 8 MiB, small beside the matrix and large enough for a device's copies.
    private const int TravellingValues = 1 << 20;

    /// <summary>Packs the lower triangle.</summary>
    /// <param name="kernels">The backend.</param>
    /// <param name="matrix">[C, C] F64; only the lower triangle is read.</param>
    /// <returns>C (C + 1) / 2 entries, row by row.</returns>
    public static double[] Download(IKernels kernels, Tensor matrix)
    {
        int channels = matrix.Shape.Columns;
        double[] packed = new double[SecondMoment.PackedLength(channels)];
        int next = 0;
        foreach ((int first, int count) in RowRuns(channels))
        {
            using Tensor rows = kernels.Rows(matrix, first, count);
            double[] values = kernels.ToArray<double>(rows);
            for (int row = 0; row < count; row++)
            {
                int length = first + row + 1;
                values.AsSpan(row * channels, length).CopyTo(packed.AsSpan(next));
                next += length;
            }
        }

        return packed;
    }

    /// <summary>Unpacks a triangle into a whole symmetric matrix.</summary>
    /// <param name="kernels">The backend.</param>
    /// <param name="packed">C (C + 1) / 2 entries, row by row.</param>
    /// <param name="channels">C.</param>
    /// <returns>[C, C] F64.</returns>
    public static Tensor Upload(IKernels kernels, ReadOnlySpan<double> packed, int channels)
    {
        Tensor matrix = kernels.Allocate(DType.F64, new Shape(channels, channels));
        int next = 0;
        foreach ((int first, int count) in RowRuns(channels))
        {
            double[] values = new double[count * channels];
            for (int row = 0; row < count; row++)
            {
                int length = first + row + 1;
                packed.Slice(next, length).CopyTo(values.AsSpan(row * channels));
                next += length;
            }

            using Tensor uploaded = kernels.Upload<double>(values, new Shape(count, channels));
            using Tensor rows = kernels.Rows(matrix, first, count);
            kernels.Copy(uploaded, rows);
        }

        kernels.MirrorLowerTriangle(matrix);
        return matrix;
    }

    private static IEnumerable<(int First, int Count)> RowRuns(int channels)
    {
        int atOnce = Math.Max(1, TravellingValues / Math.Max(1, channels));
        for (int first = 0; first < channels; first += atOnce)
        {
            yield return (first, Math.Min(atOnce, channels - first));
        }
    }
}
