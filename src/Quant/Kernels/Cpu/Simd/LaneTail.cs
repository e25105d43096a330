using System.Numerics;
using System.Runtime.CompilerServices;

namespace MambaQuant.Quant.Kernels.Cpu.Simd;

/// <summary>Reads and writes the last lanes of an array: a padded vector goes through the same arithmetic as all others.</summary>
/// <remarks>A kernel's loop body takes the number of lanes; inlined with the constant <c>TLanes.Count</c> the test and the padded path vanish from it.</remarks>
internal static unsafe class LaneTail
{
    /// <summary>Reads up to a whole vector; the missing lanes are 0.</summary>
    /// <param name="source">The first value.</param>
    /// <param name="count">1 to the number of lanes; more means a whole vector.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static TVector Load<TLanes, TVector, T>(T* source, int count)
        where TLanes : struct, ILanes<TVector, T>
        where TVector : struct
        where T : unmanaged, IBinaryFloatingPointIeee754<T> =>
        count >= TLanes.Count ? TLanes.Load(source) : LoadPadded<TLanes, TVector, T>(source, count);

    /// <summary>Writes up to a whole vector.</summary>
    /// <param name="destination">The first value.</param>
    /// <param name="value">The lanes.</param>
    /// <param name="count">1 to the number of lanes; more means a whole vector.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static void Store<TLanes, TVector, T>(T* destination, TVector value, int count)
        where TLanes : struct, ILanes<TVector, T>
        where TVector : struct
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        if (count >= TLanes.Count)
        {
            TLanes.Store(destination, value);
        }
        else
        {
            StorePadded<TLanes, TVector, T>(destination, value, count);
        }
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static TVector LoadPadded<TLanes, TVector, T>(T* source, int count)
        where TLanes : struct, ILanes<TVector, T>
        where TVector : struct
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        TVector padded = TLanes.Zero;
        new ReadOnlySpan<T>(source, count).CopyTo(new Span<T>(Unsafe.AsPointer(ref padded), count));
        return padded;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void StorePadded<TLanes, TVector, T>(T* destination, TVector value, int count)
        where TLanes : struct, ILanes<TVector, T>
        where TVector : struct
        where T : unmanaged, IBinaryFloatingPointIeee754<T> =>
        new ReadOnlySpan<T>(Unsafe.AsPointer(ref value), count).CopyTo(new Span<T>(destination, count));
}
