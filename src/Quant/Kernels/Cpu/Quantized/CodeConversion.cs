using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace MambaQuant.Quant.Kernels.Cpu.Quantized;

/// <summary>Codes to wider integers, to values and back, with the widest vectors of this process; all tiers give the same numbers.</summary>
internal static unsafe class CodeConversion
{
    /// <summary>Widens codes to int16.</summary>
    internal static void Widen(sbyte* source, short* destination, int count)
    {
        int i = 0;
        if (Vector256.IsHardwareAccelerated)
        {
            for (; i <= count - Vector256<sbyte>.Count; i += Vector256<sbyte>.Count)
            {
                (Vector256<short> lower, Vector256<short> upper) = Vector256.Widen(Vector256.Load(source + i));
                lower.Store(destination + i);
                upper.Store(destination + i + Vector256<short>.Count);
            }
        }

        for (; i < count; i++)
        {
            destination[i] = source[i];
        }
    }

    /// <summary>Narrows integers that are codes.</summary>
    internal static void Narrow(int* source, sbyte* destination, int count)
    {
        int i = 0;
        if (Avx512F.IsSupported)
        {
            for (; i <= count - Vector512<int>.Count; i += Vector512<int>.Count)
            {
                Avx512F.ConvertToVector128SByte(Vector512.Load(source + i)).Store(destination + i);
            }
        }

        if (Vector128.IsHardwareAccelerated)
        {
            for (; i <= count - Vector128<sbyte>.Count; i += Vector128<sbyte>.Count)
            {
                Vector128<short> lower = Vector128.Narrow(Vector128.Load(source + i), Vector128.Load(source + i + 4));
                Vector128<short> upper = Vector128.Narrow(Vector128.Load(source + i + 8), Vector128.Load(source + i + 12));
                Vector128.Narrow(lower, upper).Store(destination + i);
            }
        }

        for (; i < count; i++)
        {
            destination[i] = (sbyte)source[i];
        }
    }

    /// <summary>integers[i] = codes[i] − zero point.</summary>
    internal static void Subtract(sbyte* codes, int zeroPoint, int* integers, int count)
    {
        int done = Vector512.IsHardwareAccelerated ? Subtract<CodeLanes512, Vector512<int>>(codes, zeroPoint, integers, count)
            : Vector256.IsHardwareAccelerated ? Subtract<CodeLanes256, Vector256<int>>(codes, zeroPoint, integers, count)
            : Vector128.IsHardwareAccelerated ? Subtract<CodeLanes128, Vector128<int>>(codes, zeroPoint, integers, count)
            : 0;
        Subtract<CodeLanesScalar, int>(codes + done, zeroPoint, integers + done, count - done);
    }

    /// <summary>values[i] = scale · (codes[i] − zero point), in fp32.</summary>
    internal static void Dequantize(sbyte* codes, int zeroPoint, float scale, float* values, int count)
    {
        int done = Vector512.IsHardwareAccelerated ? Dequantize<CodeLanes512, Vector512<int>>(codes, zeroPoint, scale, values, count)
            : Vector256.IsHardwareAccelerated ? Dequantize<CodeLanes256, Vector256<int>>(codes, zeroPoint, scale, values, count)
            : Vector128.IsHardwareAccelerated ? Dequantize<CodeLanes128, Vector128<int>>(codes, zeroPoint, scale, values, count)
            : 0;
        Dequantize<CodeLanesScalar, int>(codes + done, zeroPoint, scale, values + done, count - done);
    }

    /// <summary>sums[i] += (codes[i] − zero point) · factors[i], in int32.</summary>
    internal static void AddProducts(sbyte* codes, int zeroPoint, int* factors, int* sums, int count)
    {
        int done = Vector512.IsHardwareAccelerated ? AddProducts<CodeLanes512, Vector512<int>>(codes, zeroPoint, factors, sums, count)
            : Vector256.IsHardwareAccelerated ? AddProducts<CodeLanes256, Vector256<int>>(codes, zeroPoint, factors, sums, count)
            : Vector128.IsHardwareAccelerated ? AddProducts<CodeLanes128, Vector128<int>>(codes, zeroPoint, factors, sums, count)
            : 0;
        AddProducts<CodeLanesScalar, int>(codes + done, zeroPoint, factors + done, sums + done, count - done);
    }

    /// <summary>Whole vectors of it; returns how many codes they were. A load reads no byte behind its vector.</summary>
    private static int Subtract<TCodes, TVector>(sbyte* codes, int zeroPoint, int* integers, int count)
        where TCodes : struct, ICodeLanes<TVector>
        where TVector : struct
    {
        TVector offset = TCodes.Broadcast(-zeroPoint);
        int i = 0;
        for (; i <= count - TCodes.Count; i += TCodes.Count)
        {
            TCodes.Store(integers + i, TCodes.Add(TCodes.LoadCodes(codes + i), offset));
        }

        return i;
    }

    private static int Dequantize<TCodes, TVector>(sbyte* codes, int zeroPoint, float scale, float* values, int count)
        where TCodes : struct, ICodeLanes<TVector>
        where TVector : struct
    {
        TVector offset = TCodes.Broadcast(-zeroPoint);
        int i = 0;
        for (; i <= count - TCodes.Count; i += TCodes.Count)
        {
            TCodes.StoreScaled(values + i, TCodes.Add(TCodes.LoadCodes(codes + i), offset), scale);
        }

        return i;
    }

    private static int AddProducts<TCodes, TVector>(sbyte* codes, int zeroPoint, int* factors, int* sums, int count)
        where TCodes : struct, ICodeLanes<TVector>
        where TVector : struct
    {
        TVector offset = TCodes.Broadcast(-zeroPoint);
        int i = 0;
        for (; i <= count - TCodes.Count; i += TCodes.Count)
        {
            TVector value = TCodes.Add(TCodes.LoadCodes(codes + i), offset);
            TCodes.Store(sums + i, TCodes.MultiplyAdd(value, TCodes.Load(factors + i), TCodes.Load(sums + i)));
        }

        return i;
    }
}
