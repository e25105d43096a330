using System.Runtime.CompilerServices;

namespace MambaQuant.Quant.Kernels.Cpu.Quantized;

/// <summary>The register-blocked heart of the integer product: six rows of codes times a packed panel of two vectors' outputs, exact in int32.</summary>
/// <remarks>A step takes a pair of codes: one instruction widens and adds two products in every lane (vpmaddwd on x64).</remarks>
internal static unsafe class CodeTile
{
    /// <summary>Rows that <see cref="MultiplyAdd"/> takes at once.</summary>
    internal const int Rows = 6;

    /// <summary>sums[r, c] += Σ_k x[r, k] · panel[k, c].</summary>
    /// <param name="x">Rows of int16 codes.</param>
    /// <param name="xStride">Distance of two rows in codes.</param>
    /// <param name="panel">[pairs, 2·Count] pairs of int16.</param>
    /// <param name="pairs">Pairs of codes.</param>
    /// <param name="sums">[rows, 2·Count].</param>
    /// <param name="rows">1 to <see cref="Rows"/>; where fewer are present the last one is read again in place of the missing ones.</param>
    [MethodImpl(MethodImplOptions.NoInlining)]
    internal static void MultiplyAdd<TCodes, TVector>(short* x, nint xStride, int* panel, int pairs, int* sums, int rows)
        where TCodes : struct, ICodeLanes<TVector>
        where TVector : struct
    {
        int* x0 = (int*)x;
        int* x1 = (int*)(rows > 1 ? x + xStride : x);
        int* x2 = (int*)(rows > 2 ? x + (2 * xStride) : x);
        int* x3 = (int*)(rows > 3 ? x + (3 * xStride) : x);
        int* x4 = (int*)(rows > 4 ? x + (4 * xStride) : x);
        int* x5 = (int*)(rows > 5 ? x + (5 * xStride) : x);
        TVector c00 = TCodes.Zero, c01 = TCodes.Zero, c10 = TCodes.Zero, c11 = TCodes.Zero;
        TVector c20 = TCodes.Zero, c21 = TCodes.Zero, c30 = TCodes.Zero, c31 = TCodes.Zero;
        TVector c40 = TCodes.Zero, c41 = TCodes.Zero, c50 = TCodes.Zero, c51 = TCodes.Zero;
        for (nint k = 0; k < pairs; k++)
        {
            TVector left = TCodes.Load(panel);
            TVector right = TCodes.Load(panel + TCodes.Count);
            panel += 2 * TCodes.Count;
            TVector value = TCodes.Broadcast(x0[k]);
            c00 = TCodes.MultiplyAddPairs(value, left, c00);
            c01 = TCodes.MultiplyAddPairs(value, right, c01);
            value = TCodes.Broadcast(x1[k]);
            c10 = TCodes.MultiplyAddPairs(value, left, c10);
            c11 = TCodes.MultiplyAddPairs(value, right, c11);
            value = TCodes.Broadcast(x2[k]);
            c20 = TCodes.MultiplyAddPairs(value, left, c20);
            c21 = TCodes.MultiplyAddPairs(value, right, c21);
            value = TCodes.Broadcast(x3[k]);
            c30 = TCodes.MultiplyAddPairs(value, left, c30);
            c31 = TCodes.MultiplyAddPairs(value, right, c31);
            value = TCodes.Broadcast(x4[k]);
            c40 = TCodes.MultiplyAddPairs(value, left, c40);
            c41 = TCodes.MultiplyAddPairs(value, right, c41);
            value = TCodes.Broadcast(x5[k]);
            c50 = TCodes.MultiplyAddPairs(value, left, c50);
            c51 = TCodes.MultiplyAddPairs(value, right, c51);
        }

        AddRow<TCodes, TVector>(sums, 0, rows, c00, c01);
        AddRow<TCodes, TVector>(sums, 1, rows, c10, c11);
        AddRow<TCodes, TVector>(sums, 2, rows, c20, c21);
        AddRow<TCodes, TVector>(sums, 3, rows, c30, c31);
        AddRow<TCodes, TVector>(sums, 4, rows, c40, c41);
        AddRow<TCodes, TVector>(sums, 5, rows, c50, c51);
    }

    /// <summary>Σ_k x[k] · codes[k] of a row of int16 codes and a row of packed ones.</summary>
    internal static int Dot<TCodes, TVector>(short* x, sbyte* codes, int count)
        where TCodes : struct, ICodeLanes<TVector>
        where TVector : struct
    {
        TVector even = TCodes.Zero, odd = TCodes.Zero;
        int step = 2 * TCodes.Count;
        int k = 0;
        for (; k <= count - (2 * step); k += 2 * step)
        {
            even = TCodes.MultiplyAddPairs(TCodes.Load((int*)(x + k)), TCodes.LoadCodePairs(codes + k), even);
            odd = TCodes.MultiplyAddPairs(TCodes.Load((int*)(x + k + step)), TCodes.LoadCodePairs(codes + k + step), odd);
        }

        int sum = TCodes.Sum(TCodes.Add(even, odd));
        for (; k < count; k++)
        {
            sum += x[k] * codes[k];
        }

        return sum;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void AddRow<TCodes, TVector>(int* sums, int row, int rows, TVector left, TVector right)
        where TCodes : struct, ICodeLanes<TVector>
        where TVector : struct
    {
        if (row < rows)
        {
            int* target = sums + (row * 2 * TCodes.Count);
            TCodes.Store(target, TCodes.Add(TCodes.Load(target), left));
            TCodes.Store(target + TCodes.Count, TCodes.Add(TCodes.Load(target + TCodes.Count), right));
        }
    }
}
