using System.Numerics;
using System.Runtime.CompilerServices;
using MambaQuant.Quant.Kernels.Cpu.Simd;

namespace MambaQuant.Quant.Kernels.Cpu.Statistics;

/// <summary>outer[i, j] += Σ_t x[t, i] · x[t, j] for j ≤ i, over one block of rows.</summary>
/// <remarks>
/// A tile is <see cref="ChannelBlock"/> channels i times one panel of channels j. The sum over t runs in fp32, one accumulator an
/// element, t ascending; then it is widened and added to the fp64 moment. Tiles above the diagonal are left out: half the work of
/// a full product. Every element belongs to one tile, so the bits depend on the block alone.
/// </remarks>
internal readonly unsafe struct SecondMomentKernel : ITileKernel<float>
{
    /// <summary>Rows whose products are summed in fp32.</summary>
    internal const int BlockRows = 256;

    /// <summary>Distance of two channels of the transposed block: a cache line more than the rows, so that a column of it does not fall into a few sets of the cache.</summary>
    internal const int TransposedStride = BlockRows + 16;

    private const int ChannelBlock = 32 * MatrixTile.Rows;

    private readonly float* _x;
    private readonly float* _transposed;
    private readonly double* _outer;
    private readonly int _rows;
    private readonly int _channels;

    /// <summary>Makes the kernel.</summary>
    /// <param name="x">[rows, C].</param>
    /// <param name="transposed">[C, rows], the same values, rows <see cref="TransposedStride"/> apart.</param>
    /// <param name="outer">[C, C].</param>
    /// <param name="rows">At most <see cref="BlockRows"/>.</param>
    /// <param name="channels">C.</param>
    internal SecondMomentKernel(float* x, float* transposed, double* outer, int rows, int channels)
    {
        _x = x;
        _transposed = transposed;
        _outer = outer;
        _rows = rows;
        _channels = channels;
    }

    /// <summary>Number of tiles, those above the diagonal included: they return at once.</summary>
    internal int Tiles => checked(((_channels + ChannelBlock - 1) / ChannelBlock) * Panels);

    private int Panels => (_channels + (2 * SimdTiers.SingleCount) - 1) / (2 * SimdTiers.SingleCount);

    /// <inheritdoc/>
    [SkipLocalsInit]
    public void Tile<TLanes, TVector>(int tile)
        where TLanes : struct, ILanes<TVector, float>
        where TVector : struct
    {
        int width = MatrixTile.Columns<TLanes, TVector>();
        (int block, int panelIndex) = Math.DivRem(tile, Panels);
        int firstRow = block * ChannelBlock;
        int lastRow = Math.Min(firstRow + ChannelBlock, _channels);
        int firstColumn = panelIndex * width;
        if (firstColumn >= lastRow)
        {
            return;
        }

        int columns = Math.Min(width, _channels - firstColumn);
        float* panel = stackalloc float[BlockRows * width];
        float* product = stackalloc float[MatrixTile.Rows * width];
        float* zeros = stackalloc float[width];
        new Span<float>(zeros, width).Clear();
        PanelPacking.Copy<TLanes, TVector>(_x + firstColumn, _channels, columns, _rows, panel);
        for (int row = firstRow; row < lastRow; row += MatrixTile.Rows)
        {
            int rows = Math.Min(MatrixTile.Rows, lastRow - row);
            if (row + rows <= firstColumn)
            {
                continue;
            }

            MatrixTile.Multiply<TLanes, TVector>(
                _transposed + ((nint)row * TransposedStride), TransposedStride, panel, _rows, zeros, 0, product, width, rows, width);
            for (int i = 0; i < rows; i++)
            {
                int count = Math.Min(columns, row + i + 1 - firstColumn);
                AddWidened(_outer + ((nint)(row + i) * _channels) + firstColumn, product + (i * width), count);
            }
        }
    }

    private static void AddWidened(double* target, float* addend, int count)
    {
        int i = 0;
        for (; i <= count - Vector<float>.Count; i += Vector<float>.Count)
        {
            Vector.Widen(*(Vector<float>*)(addend + i), out Vector<double> low, out Vector<double> high);
            *(Vector<double>*)(target + i) += low;
            *(Vector<double>*)(target + i + Vector<double>.Count) += high;
        }

        for (; i < count; i++)
        {
            target[i] += addend[i];
        }
    }
}
