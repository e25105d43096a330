using System.Runtime.CompilerServices;
using MambaQuant.Quant.Kernels.Cpu.Simd;

namespace MambaQuant.Quant.Kernels.Cpu.Quantized;

/// <summary>Activations to codes: clamp(round(x / scale) + zero point), ties to even, in fp32; the scale given, or from each row's extremes.</summary>
/// <remarks>
/// Clamping comes before the zero point is added: low − z ≤ round(x / scale) ≤ high − z, the same code, and no large number meets a small one.
/// x · 0 is 0 for every finite x: a sum of such products that is not 0 betrays a NaN or an infinity, which has no code.
/// </remarks>
internal unsafe struct QuantizeActivationKernel : ITileKernel<float>
{
    private const int Chunk = 512;

    /// <summary>[T, C].</summary>
    internal float* X;

    /// <summary>[T, C].</summary>
    internal sbyte* Codes;

    /// <summary>[T], written where every row gets its own scale; else null.</summary>
    internal float* TokenScales;

    /// <summary>[T], likewise, for asymmetric grids.</summary>
    internal int* TokenZeroPoints;

    /// <summary>The scale of all rows.</summary>
    internal float Scale;

    /// <summary>The zero point of all rows.</summary>
    internal int ZeroPoint;

    /// <summary>The integers to use.</summary>
    internal CodeGrid Grid;

    /// <summary>C.</summary>
    internal int Columns;

    /// <summary>How rows are cut.</summary>
    internal RowTiling Rows;

    /// <summary>Set to 1 by a tile that meets a value that is not finite.</summary>
    internal int* FoundNonFinite;

    /// <inheritdoc/>
    public readonly void Tile<TLanes, TVector>(int tile)
        where TLanes : struct, ILanes<TVector, float>
        where TVector : struct
    {
        for (int row = Rows.First(tile); row < Rows.End(tile); row++)
        {
            float* x = X + ((long)row * Columns);
            (float scale, int zeroPoint) = (Scale, ZeroPoint);
            if (TokenScales != null)
            {
                (float minimum, float maximum) = Range<TLanes, TVector>(x);
                (scale, zeroPoint) = Grid.Cover(minimum, maximum);
                TokenScales[row] = scale;
                if (TokenZeroPoints != null)
                {
                    TokenZeroPoints[row] = zeroPoint;
                }
            }

            if (!Quantize<TLanes, TVector>(x, Codes + ((long)row * Columns), scale, zeroPoint))
            {
                *FoundNonFinite = 1;
            }
        }
    }

    private readonly (float Minimum, float Maximum) Range<TLanes, TVector>(float* x)
        where TLanes : struct, ILanes<TVector, float>
        where TVector : struct
    {
        TVector low = TLanes.Zero;
        TVector high = TLanes.Zero;
        if (Columns > 0)
        {
            low = high = TLanes.Broadcast(x[0]);
        }

        int i = 0;
        for (; i <= Columns - TLanes.Count; i += TLanes.Count)
        {
            TVector value = TLanes.Load(x + i);
            low = TLanes.Min(value, low);
            high = TLanes.Max(value, high);
        }

        float minimum = -TLanes.Largest(TLanes.Subtract(TLanes.Zero, low));
        float maximum = TLanes.Largest(high);
        for (; i < Columns; i++)
        {
            minimum = Math.Min(minimum, x[i]);
            maximum = Math.Max(maximum, x[i]);
        }

        return (minimum, maximum);
    }

    /// <summary>Writes the codes of a row; false where a value is not finite.</summary>
    [SkipLocalsInit]
    private readonly bool Quantize<TLanes, TVector>(float* x, sbyte* codes, float scale, int zeroPoint)
        where TLanes : struct, ILanes<TVector, float>
        where TVector : struct
    {
        int* integers = stackalloc int[Chunk];
        TVector divisor = TLanes.Broadcast(scale);
        TVector low = TLanes.Broadcast(Grid.Minimum - zeroPoint);
        TVector high = TLanes.Broadcast(Grid.Maximum - zeroPoint);
        TVector offset = TLanes.Broadcast(zeroPoint);
        TVector betrayal = TLanes.Zero;
        for (int first = 0; first < Columns; first += Chunk)
        {
            int count = Math.Min(Chunk, Columns - first);
            for (int i = 0; i < count; i += TLanes.Count)
            {
                TVector value = LaneTail.Load<TLanes, TVector, float>(x + first + i, count - i);
                betrayal = TLanes.Add(betrayal, TLanes.Multiply(value, TLanes.Zero));
                TVector steps = TLanes.Clamp(TLanes.Round(TLanes.Divide(value, divisor)), low, high);
                TLanes.StoreInt32(integers + i, TLanes.Add(steps, offset));
            }

            CodeConversion.Narrow(integers, codes + first, count);
        }

        return TLanes.Sum(betrayal) == 0;
    }
}
