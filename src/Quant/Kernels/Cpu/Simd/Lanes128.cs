using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace MambaQuant.Quant.Kernels.Cpu.Simd;

/// <summary>Lanes of a 128-bit vector.</summary>
/// <typeparam name="T">float or double; each test of it is settled when the JIT compiles.</typeparam>
internal readonly unsafe struct Lanes128<T> : ILanes<Vector128<T>, T>
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    /// <inheritdoc/>
    public static int Count => Vector128<T>.Count;

    /// <inheritdoc/>
    public static Vector128<T> Zero => Vector128<T>.Zero;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<T> Load(T* source) => Vector128.Load(source);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(T* destination, Vector128<T> value) => value.Store(destination);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<T> Broadcast(T value) => Vector128.Create(value);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<T> Add(Vector128<T> left, Vector128<T> right) => left + right;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<T> Subtract(Vector128<T> left, Vector128<T> right) => left - right;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<T> Multiply(Vector128<T> left, Vector128<T> right) => left * right;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<T> Divide(Vector128<T> left, Vector128<T> right) => left / right;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<T> MultiplyAdd(Vector128<T> left, Vector128<T> right, Vector128<T> addend) =>
        typeof(T) == typeof(float)
            ? Vector128.MultiplyAddEstimate(left.AsSingle(), right.AsSingle(), addend.AsSingle()).As<float, T>()
            : Vector128.MultiplyAddEstimate(left.AsDouble(), right.AsDouble(), addend.AsDouble()).As<double, T>();

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<T> MultiplyInDouble(Vector128<T> left, Vector128<T> right, double factor)
    {
        if (typeof(T) == typeof(double))
        {
            return (left.AsDouble() * right.AsDouble() * factor).As<double, T>();
        }

        (Vector128<double> lowLeft, Vector128<double> highLeft) = Vector128.Widen(left.AsSingle());
        (Vector128<double> lowRight, Vector128<double> highRight) = Vector128.Widen(right.AsSingle());
        return Vector128.Narrow(lowLeft * lowRight * factor, highLeft * highRight * factor).As<float, T>();
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<T> Max(Vector128<T> left, Vector128<T> right) => Vector128.MaxNative(left, right);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<T> Min(Vector128<T> left, Vector128<T> right) => Vector128.MinNative(left, right);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<T> Abs(Vector128<T> value) => Vector128.Abs(value);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<T> MaxMagnitude(Vector128<T> left, Vector128<T> right) => Vector128.MaxNative(Vector128.Abs(left), Vector128.Abs(right));

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<T> ClampMagnitude(Vector128<T> value, Vector128<T> limit) => Clamp(value, Vector128<T>.Zero - limit, limit);

    /// <inheritdoc/>
    /// <remarks>The overload without a mode rounds ties to even in one instruction; the one that takes MidpointRounding.ToEven is a call.</remarks>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<T> Round(Vector128<T> value) =>
        typeof(T) == typeof(float)
            ? Vector128.Round(value.AsSingle()).As<float, T>()
            : Vector128.Round(value.AsDouble()).As<double, T>();

    /// <inheritdoc/>
    /// <remarks>The value stands second: of an unordered pair x64 returns that one, and others a NaN.</remarks>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<T> Clamp(Vector128<T> value, Vector128<T> low, Vector128<T> high) =>
        Vector128.MinNative(high, Vector128.MaxNative(low, value));

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<T> SelectGreater(Vector128<T> left, Vector128<T> right, Vector128<T> whenTrue, Vector128<T> whenFalse) =>
        Vector128.ConditionalSelect(Vector128.GreaterThan(left, right), whenTrue, whenFalse);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<T> ScaleByPowerOfTwo(Vector128<T> value, Vector128<T> exponent)
    {
        // Two factors, each a normal number: their product may be denormal or infinite, and only the last multiplication rounds.
        Vector128<T> half = Round(exponent * Vector128.Create(T.CreateChecked(0.5f)));
        return value * PowerOfTwo(half) * PowerOfTwo(exponent - half);
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<T> Butterfly(Vector128<T> value, int distance)
    {
        // Lanes are moved in units of 32 bits; the mask is set where the bit of the distance is.
        Vector128<float> units = value.AsSingle();
        (Vector128<T> partner, Vector128<T> upper) = (distance * sizeof(T) / sizeof(float)) switch
        {
            1 => (Vector128.Shuffle(units, Vector128.Create(1, 0, 3, 2)).As<float, T>(), Vector128.Create(0, -1, 0, -1).As<int, T>()),
            _ => (Vector128.Shuffle(units, Vector128.Create(2, 3, 0, 1)).As<float, T>(), Vector128.Create(0, 0, -1, -1).As<int, T>()),
        };
        return Vector128.ConditionalSelect(upper, partner - value, partner + value);
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Sum(Vector128<T> value) =>
        Count == 4
            ? value.GetElement(0) + value.GetElement(2) + (value.GetElement(1) + value.GetElement(3))
            : value.GetElement(0) + value.GetElement(1);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Largest(Vector128<T> value)
    {
        T largest = value.GetElement(0);
        for (int lane = 1; lane < Count; lane++)
        {
            largest = value.GetElement(lane) > largest ? value.GetElement(lane) : largest;
        }

        return largest;
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StoreInt32(int* destination, Vector128<T> integral)
    {
        if (typeof(T) == typeof(float))
        {
            Vector128.ConvertToInt32Native(integral.AsSingle()).Store(destination);
            return;
        }

        Vector128<long> wide = Vector128.ConvertToInt64Native(integral.AsDouble());
        for (int lane = 0; lane < Count; lane++)
        {
            destination[lane] = (int)wide.GetElement(lane);
        }
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<T> LoadInt32(int* source)
    {
        if (typeof(T) == typeof(float))
        {
            return Vector128.ConvertToSingle(Vector128.Load(source)).As<float, T>();
        }

        if (Sse2.IsSupported)
        {
            return Sse2.ConvertToVector128Double(Vector64.Load(source).ToVector128()).As<double, T>();
        }

        Vector128<T> result = Zero;
        for (int lane = 0; lane < Count; lane++)
        {
            result = result.WithElement(lane, T.CreateChecked(source[lane]));
        }

        return result;
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<T> LoadSingle(float* source) =>
        typeof(T) == typeof(float)
            ? Vector128.Load(source).As<float, T>()
            : Vector128.Create((double)source[0], source[1]).As<double, T>();

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StoreSingle(float* destination, Vector128<T> value)
    {
        if (typeof(T) == typeof(float))
        {
            value.AsSingle().Store(destination);
        }
        else
        {
            destination[0] = (float)value.AsDouble().GetElement(0);
            destination[1] = (float)value.AsDouble().GetElement(1);
        }
    }

    /// <summary>2^exponent for integral exponents of normal numbers, by writing the exponent's bits.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<T> PowerOfTwo(Vector128<T> exponent) =>
        typeof(T) == typeof(float)
            ? Vector128.ShiftLeft(Vector128.ConvertToInt32Native(exponent.AsSingle()) + Vector128.Create(127), 23).As<int, T>()
            : Vector128.ShiftLeft(Vector128.ConvertToInt64Native(exponent.AsDouble()) + Vector128.Create(1023L), 52).As<long, T>();
}
