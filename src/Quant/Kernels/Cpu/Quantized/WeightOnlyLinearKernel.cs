using System.Runtime.CompilerServices;
using MambaQuant.Quant.Kernels.Cpu.Simd;

namespace MambaQuant.Quant.Kernels.Cpu.Quantized;

/// <summary>y[t, o] = bias[o] + Σ_i x[t, i] · (code − zero point)[o, i] · scale[o, g], fp32.</summary>
/// <remarks>
/// Blocks and order are those of <see cref="Forward.LinearKernel"/>: the bits are those of a float linear layer on the dequantized
/// weights. Only the packed panel of a tile is ever dequantized, 256 inputs of two vectors of outputs at a time.
/// </remarks>
internal unsafe struct WeightOnlyLinearKernel : ITileKernel<float>
{
    private const int RowBlock = 43 * MatrixTile.Rows;
    private const int DepthBlock = 256;

    /// <summary>[T, I].</summary>
    internal float* X;

    /// <summary>[O, I] codes.</summary>
    internal WeightGroups Weights;

    /// <summary>[O], or null.</summary>
    internal float* Bias;

    /// <summary>[T, O].</summary>
    internal float* Y;

    /// <summary>T.</summary>
    internal int Rows;

    /// <summary>Number of tiles: row blocks × panels.</summary>
    internal readonly int Tiles => checked(((Rows + RowBlock - 1) / RowBlock) * Panels);

    /// <summary>Multiply-adds, the packing counted as some rows more.</summary>
    internal readonly long Operations => (Rows + 12L) * Weights.Inputs * Weights.Outputs;

    private static int PanelWidth => 2 * SimdTiers.SingleCount;

    private readonly int Panels => (Weights.Outputs + PanelWidth - 1) / PanelWidth;

    /// <inheritdoc/>
    [SkipLocalsInit]
    public readonly void Tile<TLanes, TVector>(int tile)
        where TLanes : struct, ILanes<TVector, float>
        where TVector : struct
    {
        int width = 2 * TLanes.Count;
        float* panel = stackalloc float[(DepthBlock + 1) * width];
        float* values = stackalloc float[DepthBlock * width];
        float* biasPanel = panel + (DepthBlock * width);
        (int rowBlock, int panelIndex) = Math.DivRem(tile, Panels);
        int firstOutput = panelIndex * width;
        int outputs = Math.Min(width, Weights.Outputs - firstOutput);
        int firstRow = rowBlock * RowBlock;
        int lastRow = Math.Min(firstRow + RowBlock, Rows);
        for (int output = 0; output < width; output++)
        {
            biasPanel[output] = Bias != null && output < outputs ? Bias[firstOutput + output] : 0;
        }

        for (int depth = 0; depth == 0 || depth < Weights.Inputs; depth += DepthBlock)
        {
            int block = Math.Min(DepthBlock, Weights.Inputs - depth);
            for (int output = 0; output < outputs; output++)
            {
                Weights.Dequantize(firstOutput + output, depth, block, values + (output * block));
            }

            PanelPacking.Transpose(values, block, outputs, block, panel, width);
            for (int row = firstRow; row < lastRow; row += MatrixTile.Rows)
            {
                float* y = Y + ((nint)row * Weights.Outputs) + firstOutput;
                MatrixTile.Multiply<TLanes, TVector>(
                    X + ((nint)row * Weights.Inputs) + depth,
                    Weights.Inputs,
                    panel,
                    block,
                    depth == 0 ? biasPanel : y,
                    depth == 0 ? 0 : Weights.Outputs,
                    y,
                    Weights.Outputs,
                    Math.Min(MatrixTile.Rows, lastRow - row),
                    outputs);
            }
        }
    }
}
