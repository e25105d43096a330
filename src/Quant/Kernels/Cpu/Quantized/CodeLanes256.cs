using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace MambaQuant.Quant.Kernels.Cpu.Quantized;

/// <summary>Codes in 256-bit vectors.</summary>
internal readonly unsafe struct CodeLanes256 : ICodeLanes<Vector256<int>>
{
    /// <inheritdoc/>
    public static int Count => Vector256<int>.Count;

    /// <inheritdoc/>
    public static Vector256<int> Zero => Vector256<int>.Zero;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> Load(int* source) => Vector256.Load(source);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(int* destination, Vector256<int> value) => value.Store(destination);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> Broadcast(int value) => Vector256.Create(value);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> MultiplyAdd(Vector256<int> left, Vector256<int> right, Vector256<int> sum) => sum + (left * right);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> MultiplyAddPairs(Vector256<int> left, Vector256<int> right, Vector256<int> sum)
    {
        if (Avx2.IsSupported)
        {
            return sum + Avx2.MultiplyAddAdjacent(left.AsInt16(), right.AsInt16());
        }

        // A shift up and back leaves the lower half of a pair with its sign, a shift down the upper one.
        Vector256<int> lower = Vector256.ShiftRightArithmetic(left << 16, 16) * Vector256.ShiftRightArithmetic(right << 16, 16);
        return sum + lower + (Vector256.ShiftRightArithmetic(left, 16) * Vector256.ShiftRightArithmetic(right, 16));
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> LoadCodePairs(sbyte* source)
    {
        if (Avx2.IsSupported)
        {
            return Avx2.ConvertToVector256Int16(Vector128.Load(source)).AsInt32();
        }

        (Vector128<short> lower, Vector128<short> upper) = Vector128.Widen(Vector128.Load(source));
        return Vector256.Create(lower, upper).AsInt32();
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> LoadCodes(sbyte* source)
    {
        if (Avx2.IsSupported)
        {
            return Avx2.ConvertToVector256Int32(Vector64.Load(source).ToVector128());
        }

        (Vector128<int> lower, Vector128<int> upper) = Vector128.Widen(Vector128.WidenLower(Vector64.Load(source).ToVector128()));
        return Vector256.Create(lower, upper);
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StoreScaled(float* destination, Vector256<int> value, float factor) =>
        (Vector256.ConvertToSingle(value) * factor).Store(destination);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> Add(Vector256<int> left, Vector256<int> right) => left + right;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int Sum(Vector256<int> value) => Vector256.Sum(value);
}
