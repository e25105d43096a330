using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.Arm;
using System.Runtime.Intrinsics.X86;

namespace MambaQuant.Quant.Kernels.Cpu.Simd;

/// <summary>Copies a block of a matrix into the layout that <see cref="MatrixTile"/> reads.</summary>
internal static unsafe class PanelPacking
{
    /// <summary>As <see cref="Transpose"/>, with 0 in the columns of the panel that have no row.</summary>
    internal static void TransposePadded(float* rows, nint rowStride, int columns, int depth, float* panel, int width)
    {
        if (columns < width)
        {
            new Span<float>(panel, depth * width).Clear();
        }

        Transpose(rows, rowStride, columns, depth, panel, width);
    }

    /// <summary>panel[k, c] = rows[c, k]: a block of rows, transposed; columns of the panel beyond them are left as they are.</summary>
    /// <param name="rows">[columns, depth] with a distance of rowStride between rows.</param>
    /// <param name="rowStride">Distance of two rows.</param>
    /// <param name="columns">Rows of the source, columns of the panel.</param>
    /// <param name="depth">Columns of the source, rows of the panel.</param>
    /// <param name="panel">[depth, width].</param>
    /// <param name="width">Distance of two rows of the panel.</param>
    internal static void Transpose(float* rows, nint rowStride, int columns, int depth, float* panel, int width)
    {
        int column = 0;
        if (Vector128.IsHardwareAccelerated)
        {
            for (; column <= columns - 4; column += 4)
            {
                TransposeFour(rows + (column * rowStride), rowStride, depth, panel + column, width);
            }
        }

        for (; column < columns; column++)
        {
            float* row = rows + (column * rowStride);
            for (int k = 0; k < depth; k++)
            {
                panel[(k * width) + column] = row[k];
            }
        }
    }

    /// <summary>panel[k, c] = rows[k, c]: a block of columns, copied; missing columns are 0.</summary>
    /// <param name="rows">[depth, columns] with a distance of rowStride between rows.</param>
    /// <param name="rowStride">Distance of two rows.</param>
    /// <param name="columns">Columns to copy, at most two vectors.</param>
    /// <param name="depth">Rows to copy.</param>
    /// <param name="panel">[depth, two vectors].</param>
    internal static void Copy<TLanes, TVector>(float* rows, nint rowStride, int columns, int depth, float* panel)
        where TLanes : struct, ILanes<TVector, float>
        where TVector : struct
    {
        int width = 2 * TLanes.Count;
        if (columns == width)
        {
            for (int k = 0; k < depth; k++)
            {
                TLanes.Store(panel, TLanes.Load(rows));
                TLanes.Store(panel + TLanes.Count, TLanes.Load(rows + TLanes.Count));
                rows += rowStride;
                panel += width;
            }

            return;
        }

        for (int k = 0; k < depth; k++)
        {
            var target = new Span<float>(panel + ((nint)k * width), width);
            new ReadOnlySpan<float>(rows + (k * rowStride), columns).CopyTo(target);
            target[columns..].Clear();
        }
    }

    /// <summary>Four rows become four columns, in blocks of 4 × 4 that are turned in registers.</summary>
    private static void TransposeFour(float* rows, nint rowStride, int depth, float* panel, int width)
    {
        int k = 0;
        for (; k <= depth - 4; k += 4)
        {
            Vector128<float> a = Vector128.Load(rows + k);
            Vector128<float> b = Vector128.Load(rows + rowStride + k);
            Vector128<float> c = Vector128.Load(rows + (2 * rowStride) + k);
            Vector128<float> d = Vector128.Load(rows + (3 * rowStride) + k);
            Vector128<float> abLow = InterleaveLow(a, b);
            Vector128<float> cdLow = InterleaveLow(c, d);
            Vector128<float> abHigh = InterleaveHigh(a, b);
            Vector128<float> cdHigh = InterleaveHigh(c, d);
            float* target = panel + (k * width);
            InterleaveLow(abLow.AsDouble(), cdLow.AsDouble()).AsSingle().Store(target);
            InterleaveHigh(abLow.AsDouble(), cdLow.AsDouble()).AsSingle().Store(target + width);
            InterleaveLow(abHigh.AsDouble(), cdHigh.AsDouble()).AsSingle().Store(target + (2 * width));
            InterleaveHigh(abHigh.AsDouble(), cdHigh.AsDouble()).AsSingle().Store(target + (3 * width));
        }

        for (; k < depth; k++)
        {
            float* target = panel + (k * width);
            for (int row = 0; row < 4; row++)
            {
                target[row] = rows[(row * rowStride) + k];
            }
        }
    }

    /// <summary>a0 b0 a1 b1.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<float> InterleaveLow(Vector128<float> a, Vector128<float> b) =>
        Sse.IsSupported ? Sse.UnpackLow(a, b)
        : AdvSimd.Arm64.IsSupported ? AdvSimd.Arm64.ZipLow(a, b)
        : Vector128.Create(a.GetElement(0), b.GetElement(0), a.GetElement(1), b.GetElement(1));

    /// <summary>a2 b2 a3 b3.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<float> InterleaveHigh(Vector128<float> a, Vector128<float> b) =>
        Sse.IsSupported ? Sse.UnpackHigh(a, b)
        : AdvSimd.Arm64.IsSupported ? AdvSimd.Arm64.ZipHigh(a, b)
        : Vector128.Create(a.GetElement(2), b.GetElement(2), a.GetElement(3), b.GetElement(3));

    /// <summary>The same on pairs of values: the first halves of a and b.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<double> InterleaveLow(Vector128<double> a, Vector128<double> b) =>
        Vector128.Create(a.GetElement(0), b.GetElement(0));

    /// <summary>The second halves of a and b.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<double> InterleaveHigh(Vector128<double> a, Vector128<double> b) =>
        Vector128.Create(a.GetElement(1), b.GetElement(1));
}
