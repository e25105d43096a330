using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.X86;

namespace MambaQuant.Quant.Kernels.Cpu.Simd;

/// <summary>Asks for memory before it is used; changes no result, and does nothing where the processor cannot be asked.</summary>
internal static unsafe class Prefetch
{
    /// <summary>Floats of a cache line.</summary>
    internal const int LineFloats = 16;

    /// <summary>The line of an address, which is used within some hundred instructions: into the first-level cache.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static void Soon(float* address)
    {
        if (Sse.IsSupported)
        {
            Sse.Prefetch0(address);
        }
    }

    /// <summary>Lines that are used later: into the second-level cache.</summary>
    /// <param name="address">The first value.</param>
    /// <param name="count">Number of values.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static void Later(float* address, int count)
    {
        for (int i = 0; Sse.IsSupported && i < count; i += LineFloats)
        {
            Sse.Prefetch1(address + i);
        }
    }
}
