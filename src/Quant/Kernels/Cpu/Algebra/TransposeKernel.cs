using MambaQuant.Quant.Kernels.Cpu.Simd;

namespace MambaQuant.Quant.Kernels.Cpu.Algebra;

/// <summary>destination[i, j] = source[j, i] · scale[j], in square blocks that fit the first-level cache twice.</summary>
internal unsafe struct TransposeKernel : ITileKernel<double>
{
    /// <summary>Side of a block.</summary>
    internal const int Side = 32;

    /// <summary>[c, r].</summary>
    internal MatrixView Source;

    /// <summary>[r, c].</summary>
    internal MatrixView Destination;

    /// <summary>For every column of the destination, the row of the source that it takes; null for the same.</summary>
    internal int* Order;

    /// <summary>For every column of the destination, its factor; null for 1.</summary>
    internal double* Factors;

    /// <summary>A tile is a strip of <see cref="Side"/> rows of the destination.</summary>
    /// <inheritdoc/>
    public readonly void Tile<TLanes, TVector>(int tile)
        where TLanes : struct, ILanes<TVector, double>
        where TVector : struct
    {
        int firstRow = tile * Side;
        int endRow = Math.Min(firstRow + Side, Destination.Rows);
        for (int firstColumn = 0; firstColumn < Destination.Columns; firstColumn += Side)
        {
            int endColumn = Math.Min(firstColumn + Side, Destination.Columns);
            for (int column = firstColumn; column < endColumn; column++)
            {
                double* from = Source.At(Order is null ? column : Order[column], 0);
                double factor = Factors is null ? 1 : Factors[column];
                for (int row = firstRow; row < endRow; row++)
                {
                    *Destination.At(row, column) = from[row] * factor;
                }
            }
        }
    }
}
