using System.Runtime.CompilerServices;
using MambaQuant.Quant.Kernels.Cpu.Simd;

namespace MambaQuant.Quant.Kernels.Cpu.Forward;

/// <summary>y[t, o] = bias[o] + Σ_i x[t, i] · w[o, i], fp32.</summary>
/// <remarks>
/// A tile is a block of rows times one panel of outputs. Inputs are taken in blocks of <see cref="DepthBlock"/>: the block of w is
/// packed into the panel (it stays in the first-level cache), all rows of the tile pass over it, and the block's sum is added to y.
/// So y = ((bias + block 0) + block 1) + …, each block summed in ascending i: the same for every number of rows and threads.
/// Packing costs about as much as six rows do; for a single row the weights are read once and the memory is the limit.
/// </remarks>
internal readonly unsafe struct LinearKernel : ITileKernel<float>
{
    private const int RowBlock = 43 * MatrixTile.Rows;
    private const int DepthBlock = 256;

    private readonly float* _x;
    private readonly float* _weight;
    private readonly float* _bias;
    private readonly float* _y;
    private readonly int _rows;
    private readonly int _inputs;
    private readonly int _outputs;

    /// <summary>Makes the kernel; the bias may be null.</summary>
    internal LinearKernel(float* x, float* weight, float* bias, float* y, int rows, int inputs, int outputs)
    {
        _x = x;
        _weight = weight;
        _bias = bias;
        _y = y;
        _rows = rows;
        _inputs = inputs;
        _outputs = outputs;
    }

    /// <summary>Number of tiles: row blocks × panels.</summary>
    internal int Tiles => checked(((_rows + RowBlock - 1) / RowBlock) * Panels);

    /// <summary>Multiply-adds, the packing counted as some rows more.</summary>
    internal long Operations => (_rows + 6L) * _inputs * _outputs;

    private int Panels => (_outputs + PanelWidth - 1) / PanelWidth;

    private static int PanelWidth => 2 * SimdTiers.SingleCount;

    /// <inheritdoc/>
    [SkipLocalsInit]
    public void Tile<TLanes, TVector>(int tile)
        where TLanes : struct, ILanes<TVector, float>
        where TVector : struct
    {
        int width = 2 * TLanes.Count;
        float* panel = stackalloc float[(DepthBlock + 1) * width];
        float* biasPanel = panel + (DepthBlock * width);
        (int rowBlock, int panelIndex) = Math.DivRem(tile, Panels);
        int firstColumn = panelIndex * width;
        int columns = Math.Min(width, _outputs - firstColumn);
        int firstRow = rowBlock * RowBlock;
        int lastRow = Math.Min(firstRow + RowBlock, _rows);
        int rowGroups = (lastRow - firstRow + MatrixTile.Rows - 1) / MatrixTile.Rows;
        int aheadPerGroup = (columns + rowGroups - 1) / Math.Max(1, rowGroups);
        for (int column = 0; column < width; column++)
        {
            biasPanel[column] = _bias != null && column < columns ? _bias[firstColumn + column] : 0;
        }

        for (int depth = 0; depth == 0 || depth < _inputs; depth += DepthBlock)
        {
            int block = Math.Min(DepthBlock, _inputs - depth);
            PanelPacking.TransposePadded(_weight + ((nint)firstColumn * _inputs) + depth, _inputs, columns, block, panel, width);
            float* next = _weight + ((nint)firstColumn * _inputs) + depth + DepthBlock;
            int nextBlock = Math.Min(DepthBlock, _inputs - depth - DepthBlock);
            int ahead = 0;
            for (int row = firstRow; row < lastRow; row += MatrixTile.Rows)
            {
                // Rows of weights lie pages apart: those of the next block are asked for while this one is multiplied, some with each group of rows.
                for (int end = Math.Min(columns, ahead + aheadPerGroup); ahead < end; ahead++)
                {
                    Prefetch.Later(next + ((nint)ahead * _inputs), nextBlock);
                }

                float* y = _y + ((nint)row * _outputs) + firstColumn;
                MatrixTile.Multiply<TLanes, TVector>(
                    _x + ((nint)row * _inputs) + depth,
                    _inputs,
                    panel,
                    block,
                    depth == 0 ? biasPanel : y,
                    depth == 0 ? 0 : _outputs,
                    y,
                    _outputs,
                    Math.Min(MatrixTile.Rows, lastRow - row),
                    columns);
            }
        }
    }
}
