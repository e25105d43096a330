using MambaQuant.Quant.Kernels.Cpu.Simd;

namespace MambaQuant.Quant.Kernels.Cpu.Quantized;

/// <summary>Rounds a few columns of a weight matrix in order, spreading each column's error over the columns of the same few behind it.</summary>
/// <remarks>
/// Rows don't depend on each other. e = (w − ŵ) / U[i, i]; w[j] −= e · U[i, j] for j &gt; i. The errors are kept, scaled, for the
/// columns behind the few: they get all of them at once, as a matrix product.
/// </remarks>
internal unsafe struct GptqRowsKernel : ITileKernel<double>
{
    /// <summary>The most columns at once: their part of U takes 128 KiB of the second-level cache.</summary>
    internal const int LargestCount = 128;

    /// <summary>Rows of a tile.</summary>
    internal const int RowsPerTile = 16;

    /// <summary>[O, I]; the columns are updated in place.</summary>
    internal Algebra.MatrixView Weight;

    /// <summary>[count, count], upper triangular, row after row with a distance of <see cref="LargestCount"/>, zero below the diagonal.</summary>
    internal double* Upper;

    /// <summary>Columns to round.</summary>
    internal int Count;

    /// <summary>The integers to use.</summary>
    internal CodeGrid Grid;

    /// <summary>[O].</summary>
    internal float* Scales;

    /// <summary>[O], or null.</summary>
    internal int* ZeroPoints;

    /// <summary>The codes of the first column; rows lie <see cref="CodeStride"/> apart.</summary>
    internal sbyte* Codes;

    /// <summary>Distance of two rows of codes.</summary>
    internal long CodeStride;

    /// <summary>[O, count] errors e; written.</summary>
    internal double* Errors;

    /// <summary>[O] sums of e²; added to.</summary>
    internal double* SquaredErrors;

    /// <inheritdoc/>
    public readonly void Tile<TLanes, TVector>(int tile)
        where TLanes : struct, ILanes<TVector, double>
        where TVector : struct
    {
        double* values = stackalloc double[LargestCount];
        int end = Math.Min((tile + 1) * RowsPerTile, Weight.Rows);
        for (int row = tile * RowsPerTile; row < end; row++)
        {
            var stored = new Span<double>(Weight.At(row, 0), Count);
            stored.CopyTo(new Span<double>(values, Count));
            double scale = Scales[row];
            int zeroPoint = ZeroPoints == null ? 0 : ZeroPoints[row];
            double* errors = Errors + ((long)row * Count);
            sbyte* codes = Codes + (row * CodeStride);
            double squares = 0;
            for (int i = 0; i < Count; i++)
            {
                double steps = Math.Clamp(
                    Math.Round(values[i] / scale, MidpointRounding.ToEven), Grid.Minimum - zeroPoint, Grid.Maximum - zeroPoint);
                codes[i] = (sbyte)((int)steps + zeroPoint);
                double error = (values[i] - (steps * scale)) / Upper[(i * LargestCount) + i];
                errors[i] = error;
                squares += error * error;
                Spread<TLanes, TVector>(values, i, error);
            }

            SquaredErrors[row] += squares;
            new Span<double>(values, Count).CopyTo(stored);
        }
    }

    /// <summary>values[j] −= error · U[i, j] for j &gt; i; whole vectors begin before, where their factors are 0, and may end behind.</summary>
    private readonly void Spread<TLanes, TVector>(double* values, int i, double error)
        where TLanes : struct, ILanes<TVector, double>
        where TVector : struct
    {
        double* upper = Upper + (i * LargestCount);
        int j = i + 1;
        for (; j < Count && j % TLanes.Count != 0; j++)
        {
            values[j] -= error * upper[j];
        }

        TVector factor = TLanes.Broadcast(error);
        for (; j < Count; j += TLanes.Count)
        {
            TLanes.Store(values + j, TLanes.Subtract(TLanes.Load(values + j), TLanes.Multiply(factor, TLanes.Load(upper + j))));
        }
    }
}
