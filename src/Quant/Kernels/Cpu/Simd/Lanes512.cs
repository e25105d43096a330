using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace MambaQuant.Quant.Kernels.Cpu.Simd;

/// <summary>Lanes of a 512-bit vector.</summary>
/// <typeparam name="T">float or double; each test of it is settled when the JIT compiles.</typeparam>
internal readonly unsafe struct Lanes512<T> : ILanes<Vector512<T>, T>
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    // vrange: what is compared in bits 0 and 1 (2: the smaller magnitude, 3: the larger), whose sign it gets in bits 2 and 3 (0: that of the first, 2: none).
    private const byte SmallerMagnitude = 0b0010, LargerMagnitude = 0b1011;

    /// <inheritdoc/>
    public static int Count => Vector512<T>.Count;

    /// <inheritdoc/>
    public static Vector512<T> Zero => Vector512<T>.Zero;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<T> Load(T* source) => Vector512.Load(source);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(T* destination, Vector512<T> value) => value.Store(destination);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<T> Broadcast(T value) => Vector512.Create(value);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<T> Add(Vector512<T> left, Vector512<T> right) => left + right;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<T> Subtract(Vector512<T> left, Vector512<T> right) => left - right;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<T> Multiply(Vector512<T> left, Vector512<T> right) => left * right;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<T> Divide(Vector512<T> left, Vector512<T> right) => left / right;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<T> MultiplyAdd(Vector512<T> left, Vector512<T> right, Vector512<T> addend) =>
        typeof(T) == typeof(float)
            ? Vector512.MultiplyAddEstimate(left.AsSingle(), right.AsSingle(), addend.AsSingle()).As<float, T>()
            : Vector512.MultiplyAddEstimate(left.AsDouble(), right.AsDouble(), addend.AsDouble()).As<double, T>();

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<T> MultiplyInDouble(Vector512<T> left, Vector512<T> right, double factor)
    {
        if (typeof(T) == typeof(double))
        {
            return (left.AsDouble() * right.AsDouble() * factor).As<double, T>();
        }

        (Vector512<double> lowLeft, Vector512<double> highLeft) = Vector512.Widen(left.AsSingle());
        (Vector512<double> lowRight, Vector512<double> highRight) = Vector512.Widen(right.AsSingle());
        return Vector512.Narrow(lowLeft * lowRight * factor, highLeft * highRight * factor).As<float, T>();
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<T> Max(Vector512<T> left, Vector512<T> right) => Vector512.MaxNative(left, right);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<T> Min(Vector512<T> left, Vector512<T> right) => Vector512.MinNative(left, right);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<T> Abs(Vector512<T> value) => Vector512.Abs(value);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<T> MaxMagnitude(Vector512<T> left, Vector512<T> right) =>
        Avx512DQ.IsSupported && typeof(T) == typeof(float)
            ? Avx512DQ.Range(left.AsSingle(), right.AsSingle(), LargerMagnitude).As<float, T>()
            : Vector512.MaxNative(Vector512.Abs(left), Vector512.Abs(right));

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<T> ClampMagnitude(Vector512<T> value, Vector512<T> limit) =>
        Avx512DQ.IsSupported && typeof(T) == typeof(float)
            ? Avx512DQ.Range(value.AsSingle(), limit.AsSingle(), SmallerMagnitude).As<float, T>()
            : Clamp(value, Vector512<T>.Zero - limit, limit);

    /// <inheritdoc/>
    /// <remarks>The overload without a mode rounds ties to even in one instruction; the one that takes MidpointRounding.ToEven is a call.</remarks>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<T> Round(Vector512<T> value) =>
        typeof(T) == typeof(float)
            ? Vector512.Round(value.AsSingle()).As<float, T>()
            : Vector512.Round(value.AsDouble()).As<double, T>();

    /// <inheritdoc/>
    /// <remarks>The value stands second: of an unordered pair x64 returns that one, and others a NaN.</remarks>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<T> Clamp(Vector512<T> value, Vector512<T> low, Vector512<T> high) =>
        Vector512.MinNative(high, Vector512.MaxNative(low, value));

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<T> SelectGreater(Vector512<T> left, Vector512<T> right, Vector512<T> whenTrue, Vector512<T> whenFalse) =>
        Vector512.ConditionalSelect(Vector512.GreaterThan(left, right), whenTrue, whenFalse);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<T> ScaleByPowerOfTwo(Vector512<T> value, Vector512<T> exponent)
    {
        if (Avx512F.IsSupported)
        {
            return typeof(T) == typeof(float)
                ? Avx512F.Scale(value.AsSingle(), exponent.AsSingle()).As<float, T>()
                : Avx512F.Scale(value.AsDouble(), exponent.AsDouble()).As<double, T>();
        }

        // Two factors, each a normal number: their product may be denormal or infinite, and only the last multiplication rounds.
        Vector512<T> half = Round(exponent * Vector512.Create(T.CreateChecked(0.5f)));
        return value * PowerOfTwo(half) * PowerOfTwo(exponent - half);
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<T> Butterfly(Vector512<T> value, int distance)
    {
        // Lanes are moved in units of 32 bits; the mask is set where the bit of the distance is.
        Vector512<float> units = value.AsSingle();
        (Vector512<T> partner, Vector512<T> upper) = (distance * sizeof(T) / sizeof(float)) switch
        {
            1 => (Vector512.Shuffle(units, Vector512.Create(1, 0, 3, 2, 5, 4, 7, 6, 9, 8, 11, 10, 13, 12, 15, 14)).As<float, T>(), Vector512.Create(0, -1, 0, -1, 0, -1, 0, -1, 0, -1, 0, -1, 0, -1, 0, -1).As<int, T>()),
            2 => (Vector512.Shuffle(units, Vector512.Create(2, 3, 0, 1, 6, 7, 4, 5, 10, 11, 8, 9, 14, 15, 12, 13)).As<float, T>(), Vector512.Create(0, 0, -1, -1, 0, 0, -1, -1, 0, 0, -1, -1, 0, 0, -1, -1).As<int, T>()),
            4 => (Vector512.Shuffle(units, Vector512.Create(4, 5, 6, 7, 0, 1, 2, 3, 12, 13, 14, 15, 8, 9, 10, 11)).As<float, T>(), Vector512.Create(0, 0, 0, 0, -1, -1, -1, -1, 0, 0, 0, 0, -1, -1, -1, -1).As<int, T>()),
            _ => (Vector512.Shuffle(units, Vector512.Create(8, 9, 10, 11, 12, 13, 14, 15, 0, 1, 2, 3, 4, 5, 6, 7)).As<float, T>(), Vector512.Create(0, 0, 0, 0, 0, 0, 0, 0, -1, -1, -1, -1, -1, -1, -1, -1).As<int, T>()),
        };
        return Vector512.ConditionalSelect(upper, partner - value, partner + value);
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Sum(Vector512<T> value) => Lanes256<T>.Sum(value.GetLower() + value.GetUpper());

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Largest(Vector512<T> value) => Lanes256<T>.Largest(Vector256.MaxNative(value.GetLower(), value.GetUpper()));

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StoreInt32(int* destination, Vector512<T> integral)
    {
        if (typeof(T) == typeof(float))
        {
            Vector512.ConvertToInt32Native(integral.AsSingle()).Store(destination);
            return;
        }

        Vector512<long> wide = Vector512.ConvertToInt64Native(integral.AsDouble());
        for (int lane = 0; lane < Count; lane++)
        {
            destination[lane] = (int)wide.GetElement(lane);
        }
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<T> LoadInt32(int* source)
    {
        if (typeof(T) == typeof(float))
        {
            return Vector512.ConvertToSingle(Vector512.Load(source)).As<float, T>();
        }

        if (Avx512F.IsSupported)
        {
            return Avx512F.ConvertToVector512Double(Vector256.Load(source)).As<double, T>();
        }

        Vector512<T> result = Zero;
        for (int lane = 0; lane < Count; lane++)
        {
            result = result.WithElement(lane, T.CreateChecked(source[lane]));
        }

        return result;
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<T> LoadSingle(float* source)
    {
        if (typeof(T) == typeof(float))
        {
            return Vector512.Load(source).As<float, T>();
        }

        (Vector256<double> lower, Vector256<double> upper) = Vector256.Widen(Vector256.Load(source));
        return Vector512.Create(lower, upper).As<double, T>();
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StoreSingle(float* destination, Vector512<T> value)
    {
        if (typeof(T) == typeof(float))
        {
            value.AsSingle().Store(destination);
        }
        else
        {
            Vector256.Narrow(value.GetLower().AsDouble(), value.GetUpper().AsDouble()).Store(destination);
        }
    }

    /// <summary>2^exponent for integral exponents of normal numbers, by writing the exponent's bits.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<T> PowerOfTwo(Vector512<T> exponent) =>
        typeof(T) == typeof(float)
            ? Vector512.ShiftLeft(Vector512.ConvertToInt32Native(exponent.AsSingle()) + Vector512.Create(127), 23).As<int, T>()
            : Vector512.ShiftLeft(Vector512.ConvertToInt64Native(exponent.AsDouble()) + Vector512.Create(1023L), 52).As<long, T>();
}
