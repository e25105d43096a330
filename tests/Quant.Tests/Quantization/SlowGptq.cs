using MambaQuant.Quant.Kernels;
using MambaQuant.Quant.Quantization;

namespace MambaQuant.Quant.Tests.Quantization;

/// <summary>GPTQ written out in fp64 with whole matrices and loops, to compare the fast one with.</summary>
internal static class SlowGptq
{
    /// <summary>Codes, [O, I], by columns in the given order.</summary>
    public static sbyte[] Codes(float[] weight, int rows, double[,] damped, QuantizationArgs args, int[]? order = null)
    {
        int columns = damped.GetLength(0);
        order ??= [.. Enumerable.Range(0, columns)];
        bool goesAlong = args.Strategy == QuantizationStrategy.Group && order.SequenceEqual(order.Order());
        double[,] upper = UpperOfInverse(Permuted(damped, order));
        int groupSize = args.Strategy == QuantizationStrategy.Group ? Math.Min(args.GroupSize, columns) : columns;
        var codes = new sbyte[rows * columns];
        for (int row = 0; row < rows; row++)
        {
            double[] w = [.. order.Select(input => (double)weight[(row * columns) + input])];
            FittedRange range = default;
            for (int i = 0; i < columns; i++)
            {
                int group = order[i] / groupSize;
                IEnumerable<int> members = Enumerable.Range(group * groupSize, Math.Min(groupSize, columns - (group * groupSize)));
                double[] fitted = args.Strategy == QuantizationStrategy.Tensor ? [.. weight.Select(value => (double)value)]
                    : goesAlong ? [.. members.Select(input => w[input])]
                    : [.. members.Select(input => (double)weight[(row * columns) + input])];

                // With scales along the way the group is fitted once, when its first column is reached; later columns of it keep them.
                range = goesAlong && i % groupSize != 0 ? range : Fit(fitted, args);
                double code = Math.Clamp(Math.Round(w[i] / range.Scale, MidpointRounding.ToEven) + range.ZeroPoint, range.Grid.Minimum, range.Grid.Maximum);
                codes[(row * columns) + order[i]] = (sbyte)code;
                double error = (w[i] - ((code - range.ZeroPoint) * range.Scale)) / upper[i, i];
                for (int j = i + 1; j < columns; j++)
                {
                    w[j] -= error * upper[i, j];
                }
            }
        }

        return codes;
    }

    private static FittedRange Fit(double[] values, QuantizationArgs args) =>
        FittedRange.Cover(args.Grid, values.Min(), values.Max());

    private static double[,] Permuted(double[,] matrix, int[] order)
    {
        int n = order.Length;
        var result = new double[n, n];
        for (int i = 0; i < n; i++)
        {
            for (int j = 0; j < n; j++)
            {
                result[i, j] = matrix[order[i], order[j]];
            }
        }

        return result;
    }

    private static double[,] UpperOfInverse(double[,] matrix)
    {
        var inverse = MathNet.Numerics.LinearAlgebra.Matrix<double>.Build.DenseOfArray(matrix).Inverse();
        return inverse.Add(inverse.Transpose()).Multiply(0.5).Cholesky().Factor.Transpose().ToArray();
    }
}
