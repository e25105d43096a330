using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using MambaQuant.Quant.Kernels.Cpu.Simd;

namespace MambaQuant.Quant.Kernels.Cpu.Quantized;

/// <summary>y[t, o] = Σ_g s_x s_w[o, g] Σ_{i in g} (q_x − z_x)(q_w − z_w) + bias[o]: exact in int32 inside a group, fp64 over groups, rounded once to fp32.</summary>
/// <remarks>
/// A tile is a block of rows times one panel of outputs. Weights are packed group by group, in blocks of
/// <see cref="DepthBlock"/>, as pairs of int16 that stay in the first-level cache while all rows pass over them. For few rows
/// packing does not pay: rows of weights are then read once, as they lie.
/// Zero points enter after the sum, in fp64, where every term is an integer below 2^53 and so exact:
/// Σ (q_x − z_x)(q_w − z_w) = Σ q_x q_w − z_w Σ q_x − z_x (Σ q_w − n z_w).
/// s_x s_w is exact in fp64 as well (24 + 24 bits). Products and sums of fp64 are not fused, so that every tier gives the same bits.
/// </remarks>
internal unsafe struct QuantizedLinearKernel : ITileKernel<double>
{
    /// <summary>The most inputs of a group whose 8-bit products fit an int32 sum: 131071 · 128 · 128 &lt; 2³¹.</summary>
    internal const int LargestGroup = (1 << 17) - 1;

    private const int RowBlock = 32 * CodeTile.Rows;
    private const int DepthBlock = 256;
    private const int FewRows = CodeTile.Rows;

    /// <summary>Two vectors of 16 integers.</summary>
    private const int WidestPanel = 32;

    /// <summary>[T, stride] widened codes; see <see cref="CodeWideningKernel"/>.</summary>
    internal short* X;

    /// <summary>[T, G] sums of activation codes; read where weights are asymmetric.</summary>
    internal int* GroupSums;

    /// <summary>Scales of the rows.</summary>
    internal ActivationScales Scales;

    /// <summary>The weights.</summary>
    internal WeightGroups Weights;

    /// <summary>[O], or null.</summary>
    internal float* Bias;

    /// <summary>[T, O].</summary>
    internal float* Y;

    /// <summary>T.</summary>
    internal int Rows;

    /// <summary>Number of tiles: row blocks × panels.</summary>
    internal readonly int Tiles => checked(((Rows + RowBlock - 1) / RowBlock) * Panels);

    /// <summary>Multiply-adds of fp32 that take as long, the packing counted as some rows more.</summary>
    internal readonly long Operations => (Rows + 6L) * Weights.Inputs * Weights.Outputs / 2;

    /// <summary>Whether results are sums times scales: one group, no zero point, no bias.</summary>
    private readonly bool IsPlain => Weights.Groups == 1 && Bias == null && !Weights.IsAsymmetric && !Scales.IsAsymmetric;

    private static int PanelWidth => 2 * SimdTiers.SingleCount;

    private readonly int Panels => (Weights.Outputs + PanelWidth - 1) / PanelWidth;

    /// <inheritdoc/>
    public readonly void Tile<TLanes, TVector>(int tile)
        where TLanes : struct, ILanes<TVector, double>
        where TVector : struct
    {
        if (TLanes.Count == 8)
        {
            Tile<TLanes, TVector, CodeLanes512, Vector512<int>>(tile);
        }
        else if (TLanes.Count == 4)
        {
            Tile<TLanes, TVector, CodeLanes256, Vector256<int>>(tile);
        }
        else if (TLanes.Count == 2)
        {
            Tile<TLanes, TVector, CodeLanes128, Vector128<int>>(tile);
        }
        else
        {
            Tile<TLanes, TVector, CodeLanesScalar, int>(tile);
        }
    }

    [SkipLocalsInit]
    private readonly void Tile<TLanes, TVector, TCodes, TCodeVector>(int tile)
        where TLanes : struct, ILanes<TVector, double>
        where TVector : struct
        where TCodes : struct, ICodeLanes<TCodeVector>
        where TCodeVector : struct
    {
        int width = 2 * TCodes.Count;
        (int rowBlock, int panelIndex) = Math.DivRem(tile, Panels);
        int firstRow = rowBlock * RowBlock;
        int rows = Math.Min(RowBlock, Rows - firstRow);
        int firstOutput = panelIndex * width;
        int outputs = Math.Min(width, Weights.Outputs - firstOutput);
        int* sums = stackalloc int[RowBlock * width];
        int* panel = stackalloc int[DepthBlock / 2 * width];
        short* widened = stackalloc short[DepthBlock * width];
        double* totals = stackalloc double[RowBlock * width];
        double* columns = stackalloc double[4 * WidestPanel];
        var scaling = new PanelScaling(columns, width);
        scaling.SetBias(Bias, firstOutput, outputs);
        for (int group = 0; group < Weights.Groups; group++)
        {
            new Span<int>(sums, rows * width).Clear();
            if (rows < FewRows)
            {
                DotRows<TCodes, TCodeVector>(group, firstRow, rows, firstOutput, outputs, width, sums);
            }
            else
            {
                MultiplyRows<TCodes, TCodeVector>(group, firstRow, rows, firstOutput, outputs, widened, panel, sums);
            }

            scaling.SetGroup(Weights, group, firstOutput, outputs, Scales.IsAsymmetric);
            if (IsPlain && outputs == width)
            {
                StoreRows<TLanes, TVector>(scaling, firstRow, rows, sums, firstOutput);
                return;
            }

            bool isLast = group == Weights.Groups - 1;
            for (int row = 0; row < rows; row++)
            {
                int t = firstRow + row;
                double groupSum = Weights.IsAsymmetric ? GroupSums[((long)t * Weights.Groups) + group] : 0;
                double* total = totals + (row * width);
                scaling.AddRow<TLanes, TVector>(sums + (row * width), Scales.Scale(t), Scales.ZeroPoint(t), groupSum, group == 0, total);
                if (isLast)
                {
                    scaling.Finish<TLanes, TVector>(total, Y + ((long)t * Weights.Outputs) + firstOutput, outputs, Bias != null);
                }
            }
        }
    }

    /// <summary>Scales and stores rows where nothing else is to be done.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    private readonly void StoreRows<TLanes, TVector>(PanelScaling scaling, int firstRow, int rows, int* sums, int firstOutput)
        where TLanes : struct, ILanes<TVector, double>
        where TVector : struct
    {
        float* y = Y + ((long)firstRow * Weights.Outputs) + firstOutput;
        for (int row = 0; row < rows; row++)
        {
            scaling.Store<TLanes, TVector>(sums, Scales.Scale(firstRow + row), y);
            sums += PanelWidth;
            y += Weights.Outputs;
        }
    }

    /// <summary>Adds a group's products, block of depth after block, each packed once for all rows.</summary>
    private readonly void MultiplyRows<TCodes, TCodeVector>(
        int group, int firstRow, int rows, int firstOutput, int outputs, short* widened, int* panel, int* sums)
        where TCodes : struct, ICodeLanes<TCodeVector>
        where TCodeVector : struct
    {
        int width = 2 * TCodes.Count;
        int stride = CodeWideningKernel.Stride(Weights);
        int padded = CodeWideningKernel.PaddedGroup(Weights);
        int count = Weights.Count(group);
        for (int depth = 0; depth < count; depth += DepthBlock)
        {
            int block = Math.Min(DepthBlock, count - depth);
            int pairs = (block + 1) / 2;
            for (int output = 0; output < outputs; output++)
            {
                short* row = widened + (output * 2 * pairs);
                row[(2 * pairs) - 1] = 0;
                CodeConversion.Widen(Weights.Row(firstOutput + output) + Weights.First(group) + depth, row, block);
            }

            // A pair of int16 is moved as one 32-bit value, whatever it stands for.
            PanelPacking.Transpose((float*)widened, pairs, outputs, pairs, (float*)panel, width);
            short* x = X + ((long)firstRow * stride) + ((long)group * padded) + depth;
            for (int row = 0; row < rows; row += CodeTile.Rows)
            {
                // Rows of weights lie far apart: one of the next block is asked for with each group of rows.
                int ahead = row / CodeTile.Rows;
                if (ahead < outputs)
                {
                    Prefetch.Later((float*)(Weights.Row(firstOutput + ahead) + Weights.First(group) + depth + DepthBlock), DepthBlock / sizeof(float));
                }

                CodeTile.MultiplyAdd<TCodes, TCodeVector>(
                    x + ((long)row * stride), stride, panel, pairs, sums + (row * width), Math.Min(CodeTile.Rows, rows - row));
            }
        }
    }

    /// <summary>A group's products of few rows, each a dot product with weights as they lie.</summary>
    private readonly void DotRows<TCodes, TCodeVector>(int group, int firstRow, int rows, int firstOutput, int outputs, int width, int* sums)
        where TCodes : struct, ICodeLanes<TCodeVector>
        where TCodeVector : struct
    {
        int stride = CodeWideningKernel.Stride(Weights);
        short* x = X + ((long)firstRow * stride) + ((long)group * CodeWideningKernel.PaddedGroup(Weights));
        for (int output = 0; output < outputs; output++)
        {
            sbyte* codes = Weights.Row(firstOutput + output) + Weights.First(group);
            for (int row = 0; row < rows; row++)
            {
                sums[(row * width) + output] = CodeTile.Dot<TCodes, TCodeVector>(x + ((long)row * stride), codes, Weights.Count(group));
            }
        }
    }
}
