using System.Numerics;
using System.Runtime.CompilerServices;

namespace MambaQuant.Quant.Kernels.Cpu.Simd;

/// <summary>A single lane, for processors without vectors.</summary>
/// <typeparam name="T">float or double; each test of it is settled when the JIT compiles.</typeparam>
internal readonly unsafe struct LanesScalar<T> : ILanes<T, T>
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    /// <inheritdoc/>
    public static int Count => 1;

    /// <inheritdoc/>
    public static T Zero => T.Zero;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Load(T* source) => *source;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(T* destination, T value) => *destination = value;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Broadcast(T value) => value;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Add(T left, T right) => left + right;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Subtract(T left, T right) => left - right;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Multiply(T left, T right) => left * right;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Divide(T left, T right) => left / right;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T MultiplyAdd(T left, T right, T addend) => (left * right) + addend;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T MultiplyInDouble(T left, T right, double factor) => T.CreateTruncating(double.CreateTruncating(left) * double.CreateTruncating(right) * factor);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Max(T left, T right) => left > right ? left : right;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Min(T left, T right) => left < right ? left : right;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Abs(T value) => T.Abs(value);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T MaxMagnitude(T left, T right) => Max(T.Abs(left), T.Abs(right));

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T ClampMagnitude(T value, T limit) => Clamp(value, -limit, limit);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Round(T value) => T.Round(value, MidpointRounding.ToEven);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Clamp(T value, T low, T high) => value > high ? high : low > value ? low : value;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T SelectGreater(T left, T right, T whenTrue, T whenFalse) => left > right ? whenTrue : whenFalse;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T ScaleByPowerOfTwo(T value, T exponent)
    {
        // As in the vector tiers: two normal factors, so that only the last multiplication rounds.
        T half = Round(exponent * T.CreateChecked(0.5f));
        return value * PowerOfTwo(half) * PowerOfTwo(exponent - half);
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Butterfly(T value, int distance) => value;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Sum(T value) => value;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Largest(T value) => value;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StoreInt32(int* destination, T integral) => *destination = int.CreateTruncating(integral);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T LoadInt32(int* source) => T.CreateTruncating(*source);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T LoadSingle(float* source) => T.CreateTruncating(*source);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StoreSingle(float* destination, T value) => *destination = float.CreateTruncating(value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static T PowerOfTwo(T exponent) =>
        typeof(T) == typeof(float)
            ? Unsafe.BitCast<int, T>((int.CreateTruncating(exponent) + 127) << 23)
            : Unsafe.BitCast<long, T>((long.CreateTruncating(exponent) + 1023) << 52);
}
