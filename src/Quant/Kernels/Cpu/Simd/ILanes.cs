using System.Numerics;

namespace MambaQuant.Quant.Kernels.Cpu.Simd;

/// <summary>The arithmetic of one SIMD tier, so that a kernel is written once and compiled once per tier.</summary>
/// <remarks>
/// Implementations are empty structs with static members; a kernel takes one as a type argument and the JIT inlines every call.
/// Lane-wise operations round like IEEE 754; only <see cref="MultiplyAdd"/> differs between tiers (one rounding or two).
/// </remarks>
/// <typeparam name="TVector">What holds the lanes, such as Vector512&lt;float&gt;.</typeparam>
/// <typeparam name="T">float or double.</typeparam>
internal unsafe interface ILanes<TVector, T>
    where TVector : struct
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    /// <summary>The number of lanes; a constant to the JIT.</summary>
    static abstract int Count { get; }

    /// <summary>All lanes 0.</summary>
    static abstract TVector Zero { get; }

    /// <summary>Reads <see cref="Count"/> values; no alignment is needed.</summary>
    static abstract TVector Load(T* source);

    /// <summary>Writes <see cref="Count"/> values; no alignment is needed.</summary>
    static abstract void Store(T* destination, TVector value);

    /// <summary>One value in every lane.</summary>
    static abstract TVector Broadcast(T value);

    /// <summary>left + right.</summary>
    static abstract TVector Add(TVector left, TVector right);

    /// <summary>left − right.</summary>
    static abstract TVector Subtract(TVector left, TVector right);

    /// <summary>left · right.</summary>
    static abstract TVector Multiply(TVector left, TVector right);

    /// <summary>left / right.</summary>
    static abstract TVector Divide(TVector left, TVector right);

    /// <summary>left · right + addend, fused where the tier has the instruction.</summary>
    static abstract TVector MultiplyAdd(TVector left, TVector right, TVector addend);

    /// <summary>(left · right) · factor, computed in fp64 and rounded once to the lanes' format; left · right is exact for fp32 lanes.</summary>
    static abstract TVector MultiplyInDouble(TVector left, TVector right, double factor);

    /// <summary>The larger of two finite values; which NaN or zero is returned is undefined.</summary>
    static abstract TVector Max(TVector left, TVector right);

    /// <summary>The smaller of two finite values; which NaN or zero is returned is undefined.</summary>
    static abstract TVector Min(TVector left, TVector right);

    /// <summary>The magnitude.</summary>
    static abstract TVector Abs(TVector value);

    /// <summary>The larger of two finite magnitudes; for NaN any value.</summary>
    static abstract TVector MaxMagnitude(TVector left, TVector right);

    /// <summary>A value whose magnitude is at most a positive limit, with its sign; for NaN any value.</summary>
    static abstract TVector ClampMagnitude(TVector value, TVector limit);

    /// <summary>The nearest integral value, ties to even.</summary>
    static abstract TVector Round(TVector value);

    /// <summary>The value moved into [low, high]; NaN stays NaN.</summary>
    static abstract TVector Clamp(TVector value, TVector low, TVector high);

    /// <summary>Lane by lane: left &gt; right ? whenTrue : whenFalse; a comparison with NaN is false.</summary>
    static abstract TVector SelectGreater(TVector left, TVector right, TVector whenTrue, TVector whenFalse);

    /// <summary>value · 2^exponent rounded once, for integral exponents of at most twice the range of the format; overflow gives infinity.</summary>
    static abstract TVector ScaleByPowerOfTwo(TVector value, TVector exponent);

    /// <summary>One stage of a Walsh-Hadamard transform inside the vector.</summary>
    /// <param name="value">The lanes.</param>
    /// <param name="distance">A power of two below <see cref="Count"/>, best a constant.</param>
    /// <returns>Lane i: value[i] + value[i + distance] where the bit of the distance is clear in i, value[i − distance] − value[i] where it is set.</returns>
    static abstract TVector Butterfly(TVector value, int distance);

    /// <summary>The sum of the lanes, halves added first, in an order that is fixed per tier.</summary>
    static abstract T Sum(TVector value);

    /// <summary>The largest lane, all finite.</summary>
    static abstract T Largest(TVector value);

    /// <summary>Writes integral values within the range of int as integers.</summary>
    static abstract void StoreInt32(int* destination, TVector integral);

    /// <summary>Reads <see cref="Count"/> integers as values: any as fp64, those of magnitude at most 2^24 as fp32.</summary>
    static abstract TVector LoadInt32(int* source);

    /// <summary>Reads <see cref="Count"/> fp32 values, widened where the lanes are fp64.</summary>
    static abstract TVector LoadSingle(float* source);

    /// <summary>Writes the lanes as fp32, rounded to nearest, ties to even, where they are fp64.</summary>
    static abstract void StoreSingle(float* destination, TVector value);
}
