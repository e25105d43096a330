using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace MambaQuant.Quant.Kernels.Cpu.Quantized;

/// <summary>Codes to wider integers and back; values that fit are kept exactly.</summary>
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
}
