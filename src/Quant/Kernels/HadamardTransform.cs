using MambaQuant.Quant.Tensors;

namespace MambaQuant.Quant.Kernels;

/// <summary>An orthonormal Hadamard transform of order m·2^k in factored form: (signs / sqrt(m)) ⊗ Sylvester(2^k) / sqrt(2^k).</summary>
/// <remarks>The index of a channel is (base index)·2^k + (Sylvester index). Rows are multiplied from the left: y = x · H.</remarks>
public sealed class HadamardTransform : IDisposable
{
    /// <summary>Makes a transform.</summary>
    /// <param name="baseSigns">[m, m] F32 entries ±1 of the base matrix, row-major; null for m = 1.</param>
    /// <param name="powerOfTwo">2^k, at least 1.</param>
    /// <exception cref="ArgumentException">The base is not square, or the second factor is no power of two.</exception>
    public HadamardTransform(Tensor? baseSigns, int powerOfTwo)
    {
        if (powerOfTwo < 1 || !int.IsPow2(powerOfTwo))
        {
            throw new ArgumentException($"{powerOfTwo} is not a power of two", nameof(powerOfTwo));
        }

        if (baseSigns is not null && (baseSigns.Shape.Rank != 2 || baseSigns.Shape[0] != baseSigns.Shape[1] || baseSigns.DType != DType.F32))
        {
            throw new ArgumentException($"a square F32 matrix is expected, found {baseSigns}", nameof(baseSigns));
        }

        BaseSigns = baseSigns;
        PowerOfTwo = powerOfTwo;
    }

    /// <summary>The ±1 entries of the base matrix, [m, m] F32, or null for m = 1; owned by the transform.</summary>
    public Tensor? BaseSigns { get; }

    /// <summary>The order m of the base matrix.</summary>
    public int BaseOrder => BaseSigns?.Shape[0] ?? 1;

    /// <summary>The order 2^k of the Sylvester factor.</summary>
    public int PowerOfTwo { get; }

    /// <summary>The order m·2^k of the transform.</summary>
    public int Order => checked(BaseOrder * PowerOfTwo);

    /// <inheritdoc/>
    public void Dispose() => BaseSigns?.Dispose();
}
