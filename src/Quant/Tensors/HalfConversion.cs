using System.Numerics.Tensors;
using System.Runtime.InteropServices;

namespace MambaQuant.Quant.Tensors;

/// <summary>Conversion between fp32 and the two 16-bit storage types, fp16 (IEEE binary16) and bf16 (the upper half of an fp32).</summary>
/// <remarks>
/// Widening is exact, subnormals included; NaN stays NaN and an infinity stays itself. Narrowing rounds to nearest, ties to
/// even. Results do not depend on the SIMD tier.
/// </remarks>
public static class HalfConversion
{
    /// <summary>The smallest magnitude that rounds to infinity in fp16: half a step above the largest fp16 number, 65504.</summary>
    public const float Float16Overflow = 65520f;

    /// <summary>Widens fp16 to fp32, exactly.</summary>
    /// <param name="source">fp16 values.</param>
    /// <param name="destination">Receives as many fp32 values.</param>
    /// <exception cref="ArgumentException">The destination is shorter than the source.</exception>
    public static void WidenFloat16(ReadOnlySpan<Half> source, Span<float> destination) =>
        TensorPrimitives.ConvertToSingle(source, destination);

    /// <summary>Widens bf16 to fp32, exactly.</summary>
    /// <param name="source">bf16 values as their bits.</param>
    /// <param name="destination">Receives as many fp32 values.</param>
    /// <exception cref="ArgumentException">The destination is shorter than the source.</exception>
    public static void WidenBFloat16(ReadOnlySpan<ushort> source, Span<float> destination)
    {
        EnsureRoom(source.Length, destination.Length);
        Span<uint> bits = MemoryMarshal.Cast<float, uint>(destination[..source.Length]);
        TensorPrimitives.ConvertTruncating(source, bits);
        TensorPrimitives.ShiftLeft(bits, 16, bits);
    }

    /// <summary>Rounds fp32 to fp16, to nearest, ties to even; magnitudes from <see cref="Float16Overflow"/> on become infinite.</summary>
    /// <param name="source">fp32 values.</param>
    /// <param name="destination">Receives as many fp16 values.</param>
    /// <exception cref="ArgumentException">The destination is shorter than the source.</exception>
    public static void NarrowFloat16(ReadOnlySpan<float> source, Span<Half> destination) =>
        TensorPrimitives.ConvertToHalf(source, destination);

    /// <summary>Rounds fp32 to bf16, to nearest, ties to even; magnitudes beyond the largest bf16 number become infinite.</summary>
    /// <param name="source">fp32 values.</param>
    /// <param name="destination">Receives as many bf16 values, as their bits.</param>
    /// <exception cref="ArgumentException">The destination is shorter than the source.</exception>
    public static void NarrowBFloat16(ReadOnlySpan<float> source, Span<ushort> destination)
    {
        EnsureRoom(source.Length, destination.Length);
        for (int i = 0; i < source.Length; i++)
        {
            uint bits = BitConverter.SingleToUInt32Bits(source[i]);

            // A NaN whose payload stands only in the low half would turn into an infinity: the quiet bit keeps it a NaN.
            destination[i] = float.IsNaN(source[i])
                ? (ushort)((bits >> 16) | 0x0040)
                : (ushort)((bits + 0x7FFF + ((bits >> 16) & 1)) >> 16);
        }
    }

    private static void EnsureRoom(int needed, int available)
    {
        if (available < needed)
        {
            throw new ArgumentException($"the destination holds {available} values, {needed} are converted");
        }
    }
}
