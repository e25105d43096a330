using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace MambaQuant.Quant.Kernels.Cpu.Simd;

/// <summary>Lanes of a 256-bit vector.</summary>
/// <typeparam name="T">float or double; each test of it is settled when the JIT compiles.</typeparam>
internal readonly unsafe struct Lanes256<T> : ILanes<Vector256<T>, T>
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    /// <inheritdoc/>
    public static int Count => Vector256<T>.Count;

    /// <inheritdoc/>
    public static Vector256<T> Zero => Vector256<T>.Zero;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<T> Load(T* source) => Vector256.Load(source);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(T* destination, Vector256<T> value) => value.Store(destination);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<T> Broadcast(T value) => Vector256.Create(value);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<T> Add(Vector256<T> left, Vector256<T> right) => left + right;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<T> Subtract(Vector256<T> left, Vector256<T> right) => left - right;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<T> Multiply(Vector256<T> left, Vector256<T> right) => left * right;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<T> Divide(Vector256<T> left, Vector256<T> right) => left / right;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<T> MultiplyAdd(Vector256<T> left, Vector256<T> right, Vector256<T> addend) =>
        typeof(T) == typeof(float)
            ? Vector256.MultiplyAddEstimate(left.AsSingle(), right.AsSingle(), addend.AsSingle()).As<float, T>()
            : Vector256.MultiplyAddEstimate(left.AsDouble(), right.AsDouble(), addend.AsDouble()).As<double, T>();

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<T> MultiplyInDouble(Vector256<T> left, Vector256<T> right, double factor)
    {
        if (typeof(T) == typeof(double))
        {
            return (left.AsDouble() * right.AsDouble() * factor).As<double, T>();
        }

        (Vector256<double> lowLeft, Vector256<double> highLeft) = Vector256.Widen(left.AsSingle());
        (Vector256<double> lowRight, Vector256<double> highRight) = Vector256.Widen(right.AsSingle());
        return Vector256.Narrow(lowLeft * lowRight * factor, highLeft * highRight * factor).As<float, T>();
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<T> Max(Vector256<T> left, Vector256<T> right) => Vector256.MaxNative(left, right);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<T> Min(Vector256<T> left, Vector256<T> right) => Vector256.MinNative(left, right);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<T> Abs(Vector256<T> value) => Vector256.Abs(value);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<T> MaxMagnitude(Vector256<T> left, Vector256<T> right) => Vector256.MaxNative(Vector256.Abs(left), Vector256.Abs(right));

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<T> ClampMagnitude(Vector256<T> value, Vector256<T> limit) => Clamp(value, Vector256<T>.Zero - limit, limit);

    /// <inheritdoc/>
    /// <remarks>The overload without a mode rounds ties to even in one instruction; the one that takes MidpointRounding.ToEven is a call.</remarks>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<T> Round(Vector256<T> value) =>
        typeof(T) == typeof(float)
            ? Vector256.Round(value.AsSingle()).As<float, T>()
            : Vector256.Round(value.AsDouble()).As<double, T>();

    /// <inheritdoc/>
    /// <remarks>The value stands second: of an unordered pair x64 returns that one, and others a NaN.</remarks>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<T> Clamp(Vector256<T> value, Vector256<T> low, Vector256<T> high) =>
        Vector256.MinNative(high, Vector256.MaxNative(low, value));

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<T> SelectGreater(Vector256<T> left, Vector256<T> right, Vector256<T> whenTrue, Vector256<T> whenFalse) =>
        Vector256.ConditionalSelect(Vector256.GreaterThan(left, right), whenTrue, whenFalse);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<T> ScaleByPowerOfTwo(Vector256<T> value, Vector256<T> exponent)
    {
        // Two factors, each a normal number: their product may be denormal or infinite, and only the last multiplication rounds.
        Vector256<T> half = Round(exponent * Vector256.Create(T.CreateChecked(0.5f)));
        return value * PowerOfTwo(half) * PowerOfTwo(exponent - half);
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<T> Butterfly(Vector256<T> value, int distance)
    {
        // Lanes are moved in units of 32 bits; the mask is set where the bit of the distance is.
        Vector256<float> units = value.AsSingle();
        (Vector256<T> partner, Vector256<T> upper) = (distance * sizeof(T) / sizeof(float)) switch
        {
            1 => (Vector256.Shuffle(units, Vector256.Create(1, 0, 3, 2, 5, 4, 7, 6)).As<float, T>(), Vector256.Create(0, -1, 0, -1, 0, -1, 0, -1).As<int, T>()),
            2 => (Vector256.Shuffle(units, Vector256.Create(2, 3, 0, 1, 6, 7, 4, 5)).As<float, T>(), Vector256.Create(0, 0, -1, -1, 0, 0, -1, -1).As<int, T>()),
            _ => (Vector256.Shuffle(units, Vector256.Create(4, 5, 6, 7, 0, 1, 2, 3)).As<float, T>(), Vector256.Create(0, 0, 0, 0, -1, -1, -1, -1).As<int, T>()),
        };
        return Vector256.ConditionalSelect(upper, partner - value, partner + value);
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Sum(Vector256<T> value) => Lanes128<T>.Sum(value.GetLower() + value.GetUpper());

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Largest(Vector256<T> value) => Lanes128<T>.Largest(Vector128.MaxNative(value.GetLower(), value.GetUpper()));

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StoreInt32(int* destination, Vector256<T> integral)
    {
        if (typeof(T) == typeof(float))
        {
            Vector256.ConvertToInt32Native(integral.AsSingle()).Store(destination);
            return;
        }

        Vector256<long> wide = Vector256.ConvertToInt64Native(integral.AsDouble());
        for (int lane = 0; lane < Count; lane++)
        {
            destination[lane] = (int)wide.GetElement(lane);
        }
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<T> LoadInt32(int* source)
    {
        if (typeof(T) == typeof(float))
        {
            return Vector256.ConvertToSingle(Vector256.Load(source)).As<float, T>();
        }

        if (Avx.IsSupported)
        {
            return Avx.ConvertToVector256Double(Vector128.Load(source)).As<double, T>();
        }

        Vector256<T> result = Zero;
        for (int lane = 0; lane < Count; lane++)
        {
            result = result.WithElement(lane, T.CreateChecked(source[lane]));
        }

        return result;
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<T> LoadSingle(float* source)
    {
        if (typeof(T) == typeof(float))
        {
            return Vector256.Load(source).As<float, T>();
        }

        (Vector128<double> lower, Vector128<double> upper) = Vector128.Widen(Vector128.Load(source));
        return Vector256.Create(lower, upper).As<double, T>();
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StoreSingle(float* destination, Vector256<T> value)
    {
        if (typeof(T) == typeof(float))
        {
            value.AsSingle().Store(destination);
        }
        else
        {
            Vector128.Narrow(value.GetLower().AsDouble(), value.GetUpper().AsDouble()).Store(destination);
        }
    }

    /// <summary>2^exponent for integral exponents of normal numbers, by writing the exponent's bits.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<T> PowerOfTwo(Vector256<T> exponent) =>
        typeof(T) == typeof(float)
            ? Vector256.ShiftLeft(Vector256.ConvertToInt32Native(exponent.AsSingle()) + Vector256.Create(127), 23).As<int, T>()
            : Vector256.ShiftLeft(Vector256.ConvertToInt64Native(exponent.AsDouble()) + Vector256.Create(1023L), 52).As<long, T>();
}
