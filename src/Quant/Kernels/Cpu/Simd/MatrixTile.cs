using System.Runtime.CompilerServices;

namespace MambaQuant.Quant.Kernels.Cpu.Simd;

/// <summary>The register-blocked heart of every fp32 matrix product: a few rows times a packed panel of two vectors' columns.</summary>
/// <remarks>
/// to[r, c] = from[r, c] + Σ_k a[r, k] · panel[k, c]. Each element has one accumulator that takes k in ascending order from 0,
/// and is added to "from" at the end: the bits depend neither on how many rows there are nor on where a row or column lies.
/// Six rows by two vectors keep twelve independent chains, enough to hide the latency of a multiply-add, and with two vectors
/// of the panel and one broadcast they fit the sixteen registers of AVX2.
/// </remarks>
internal static unsafe class MatrixTile
{
    /// <summary>Rows that <see cref="Multiply"/> takes at once.</summary>
    internal const int Rows = 6;

    /// <summary>Columns of a panel: two vectors.</summary>
    internal static int Columns<TLanes, TVector>()
        where TLanes : struct, ILanes<TVector, float>
        where TVector : struct => 2 * TLanes.Count;

    /// <summary>Adds the product of up to <see cref="Rows"/> rows and a panel.</summary>
    /// <param name="a">Row-major rows.</param>
    /// <param name="aStride">Distance of two rows of a.</param>
    /// <param name="panel">[depth, columns] packed, padded to two vectors.</param>
    /// <param name="depth">Number of k.</param>
    /// <param name="from">What the product is added to.</param>
    /// <param name="fromStride">Distance of two rows of from; 0 to add one row to all.</param>
    /// <param name="to">Result; may be from.</param>
    /// <param name="toStride">Distance of two rows of the result.</param>
    /// <param name="rows">1 to <see cref="Rows"/>.</param>
    /// <param name="columns">1 to the panel's width; only so many are read of "from" and written.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static void Multiply<TLanes, TVector>(
        float* a, nint aStride, float* panel, int depth, float* from, nint fromStride, float* to, nint toStride, int rows, int columns)
        where TLanes : struct, ILanes<TVector, float>
        where TVector : struct
    {
        if (columns == 2 * TLanes.Count && rows == Rows)
        {
            SixRows<TLanes, TVector>(a, aStride, Rows, panel, depth, from, fromStride, to, toStride);
        }
        else if (columns == 2 * TLanes.Count && rows == 1)
        {
            OneRow<TLanes, TVector>(a, panel, depth, from, to);
        }
        else
        {
            Partial<TLanes, TVector>(a, aStride, panel, depth, from, fromStride, to, toStride, rows, columns);
        }
    }

    /// <summary>A tile with missing rows or columns: the same arithmetic on a padded copy.</summary>
    [SkipLocalsInit]
    private static void Partial<TLanes, TVector>(
        float* a, nint aStride, float* panel, int depth, float* from, nint fromStride, float* to, nint toStride, int rows, int columns)
        where TLanes : struct, ILanes<TVector, float>
        where TVector : struct
    {
        int width = 2 * TLanes.Count;
        float* padded = stackalloc float[Rows * width];
        new Span<float>(padded, Rows * width).Clear();
        for (int row = 0; row < rows; row++)
        {
            new ReadOnlySpan<float>(from + (row * fromStride), columns).CopyTo(new Span<float>(padded + (row * width), columns));
        }

        if (rows == 1)
        {
            OneRow<TLanes, TVector>(a, panel, depth, padded, padded);
        }
        else
        {
            SixRows<TLanes, TVector>(a, aStride, rows, panel, depth, padded, width, padded, width);
        }

        for (int row = 0; row < rows; row++)
        {
            new ReadOnlySpan<float>(padded + (row * width), columns).CopyTo(new Span<float>(to + (row * toStride), columns));
        }
    }

    /// <summary>Six rows; where fewer are present the last one is read again in place of the missing ones.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void SixRows<TLanes, TVector>(
        float* a, nint aStride, int present, float* panel, int depth, float* from, nint fromStride, float* to, nint toStride)
        where TLanes : struct, ILanes<TVector, float>
        where TVector : struct
    {
        float* a1 = present > 1 ? a + aStride : a;
        float* a2 = present > 2 ? a1 + aStride : a1;
        float* a3 = present > 3 ? a2 + aStride : a2;
        float* a4 = present > 4 ? a3 + aStride : a3;
        float* a5 = present > 5 ? a4 + aStride : a4;
        TVector c00 = TLanes.Zero, c01 = TLanes.Zero, c10 = TLanes.Zero, c11 = TLanes.Zero;
        TVector c20 = TLanes.Zero, c21 = TLanes.Zero, c30 = TLanes.Zero, c31 = TLanes.Zero;
        TVector c40 = TLanes.Zero, c41 = TLanes.Zero, c50 = TLanes.Zero, c51 = TLanes.Zero;
        for (nint row = 0; row < Rows; row++)
        {
            Prefetch.Soon(to + (row * toStride));
            Prefetch.Soon(to + (row * toStride) + TLanes.Count);
        }

        for (nint k = 0; k < depth; k++)
        {
            TVector left = TLanes.Load(panel);
            TVector right = TLanes.Load(panel + TLanes.Count);
            panel += 2 * TLanes.Count;
            TVector value = TLanes.Broadcast(a[k]);
            c00 = TLanes.MultiplyAdd(value, left, c00);
            c01 = TLanes.MultiplyAdd(value, right, c01);
            value = TLanes.Broadcast(a1[k]);
            c10 = TLanes.MultiplyAdd(value, left, c10);
            c11 = TLanes.MultiplyAdd(value, right, c11);
            value = TLanes.Broadcast(a2[k]);
            c20 = TLanes.MultiplyAdd(value, left, c20);
            c21 = TLanes.MultiplyAdd(value, right, c21);
            value = TLanes.Broadcast(a3[k]);
            c30 = TLanes.MultiplyAdd(value, left, c30);
            c31 = TLanes.MultiplyAdd(value, right, c31);
            value = TLanes.Broadcast(a4[k]);
            c40 = TLanes.MultiplyAdd(value, left, c40);
            c41 = TLanes.MultiplyAdd(value, right, c41);
            value = TLanes.Broadcast(a5[k]);
            c50 = TLanes.MultiplyAdd(value, left, c50);
            c51 = TLanes.MultiplyAdd(value, right, c51);
        }

        AddRow<TLanes, TVector>(from, to, c00, c01);
        AddRow<TLanes, TVector>(from + fromStride, to + toStride, c10, c11);
        AddRow<TLanes, TVector>(from + (2 * fromStride), to + (2 * toStride), c20, c21);
        AddRow<TLanes, TVector>(from + (3 * fromStride), to + (3 * toStride), c30, c31);
        AddRow<TLanes, TVector>(from + (4 * fromStride), to + (4 * toStride), c40, c41);
        AddRow<TLanes, TVector>(from + (5 * fromStride), to + (5 * toStride), c50, c51);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void OneRow<TLanes, TVector>(float* a, float* panel, int depth, float* from, float* to)
        where TLanes : struct, ILanes<TVector, float>
        where TVector : struct
    {
        TVector c0 = TLanes.Zero, c1 = TLanes.Zero;
        for (nint k = 0; k < depth; k++)
        {
            TVector value = TLanes.Broadcast(a[k]);
            c0 = TLanes.MultiplyAdd(value, TLanes.Load(panel), c0);
            c1 = TLanes.MultiplyAdd(value, TLanes.Load(panel + TLanes.Count), c1);
            panel += 2 * TLanes.Count;
        }

        AddRow<TLanes, TVector>(from, to, c0, c1);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void AddRow<TLanes, TVector>(float* from, float* to, TVector left, TVector right)
        where TLanes : struct, ILanes<TVector, float>
        where TVector : struct
    {
        TLanes.Store(to, TLanes.Add(TLanes.Load(from), left));
        TLanes.Store(to + TLanes.Count, TLanes.Add(TLanes.Load(from + TLanes.Count), right));
    }
}
