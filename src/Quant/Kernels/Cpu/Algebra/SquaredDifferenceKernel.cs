using System.Numerics.Tensors;
using MambaQuant.Quant.Kernels.Cpu.Simd;

namespace MambaQuant.Quant.Kernels.Cpu.Algebra;

/// <summary>Partial sums of (a − b)², or of a² where there is no b, in fp64: one a tile of fixed size, so that their sum in order depends on no thread.</summary>
internal unsafe struct SquaredDifferenceKernel : ITileKernel<double>
{
    /// <summary>Elements of a tile.</summary>
    internal const int ElementsPerTile = 1 << 14;

    private const int ElementsPerChunk = 512;

    /// <summary>F32 values; null where <see cref="DoubleA"/> is set.</summary>
    internal float* SingleA;

    /// <summary>F32 values, or null.</summary>
    internal float* SingleB;

    /// <summary>F64 values.</summary>
    internal double* DoubleA;

    /// <summary>F64 values, or null.</summary>
    internal double* DoubleB;

    /// <summary>Number of elements.</summary>
    internal long Count;

    /// <summary>A sum for every tile.</summary>
    internal double* Sums;

    /// <inheritdoc/>
    public readonly void Tile<TLanes, TVector>(int tile)
        where TLanes : struct, ILanes<TVector, double>
        where TVector : struct
    {
        double* left = stackalloc double[ElementsPerChunk];
        double* right = stackalloc double[ElementsPerChunk];
        new Span<double>(right, ElementsPerChunk).Clear();
        long first = (long)tile * ElementsPerTile;
        long end = Math.Min(first + ElementsPerTile, Count);
        double sum = 0;
        for (long chunk = first; chunk < end; chunk += ElementsPerChunk)
        {
            int count = (int)Math.Min(ElementsPerChunk, end - chunk);
            double* a = DoubleA is not null ? DoubleA + chunk : Widen(SingleA + chunk, left, count);
            double* b = DoubleB is not null ? DoubleB + chunk : SingleB is not null ? Widen(SingleB + chunk, right, count) : right;
            sum += Sum<TLanes, TVector>(a, b, count);
        }

        Sums[tile] = sum;
    }

    private static double* Widen(float* source, double* destination, int count)
    {
        TensorPrimitives.ConvertTruncating(new ReadOnlySpan<float>(source, count), new Span<double>(destination, count));
        return destination;
    }

    private static double Sum<TLanes, TVector>(double* a, double* b, int count)
        where TLanes : struct, ILanes<TVector, double>
        where TVector : struct
    {
        TVector sums = TLanes.Zero;
        int i = 0;
        for (; i <= count - TLanes.Count; i += TLanes.Count)
        {
            TVector difference = TLanes.Subtract(TLanes.Load(a + i), TLanes.Load(b + i));
            sums = TLanes.MultiplyAdd(difference, difference, sums);
        }

        double sum = TLanes.Sum(sums);
        for (; i < count; i++)
        {
            double difference = a[i] - b[i];
            sum += difference * difference;
        }

        return sum;
    }
}
