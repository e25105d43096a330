using MambaQuant.Quant.Kernels;
using MambaQuant.Quant.Tensors;

namespace MambaQuant.Quant.Rotations;

/// <summary>A rotation T on a device, ready to be multiplied onto fp64 matrices; a plain Hadamard matrix goes the fast way.</summary>
internal sealed class LoadedRotation : IDisposable
{
    private readonly IKernels _kernels;
    private readonly HadamardTransform? _hadamard;
    private readonly Tensor? _dense;

    /// <summary>Loads a rotation.</summary>
    /// <param name="kernels">The backend.</param>
    /// <param name="rotation">The rotation.</param>
    public LoadedRotation(IKernels kernels, Rotation rotation)
    {
        _kernels = kernels;
        if (rotation.Kind == RotationKind.Hadamard)
        {
            _hadamard = HadamardMatrix.Transform(kernels, rotation.Width);
        }
        else
        {
            _dense = rotation.Dense(kernels);
        }
    }

    /// <summary>In place: M ← M T (rows of activations, or a weight that consumes them).</summary>
    /// <param name="matrix">[r, w] F64.</param>
    public void MultiplyFromRight(Tensor matrix)
    {
        if (_hadamard is not null)
        {
            _kernels.WalshHadamard(matrix, _hadamard);
            return;
        }

        using Tensor product = _kernels.Multiply(matrix, _dense!, transposeA: false, transposeB: false);
        _kernels.Copy(product, matrix);
    }

    /// <summary>In place: M ← Tᵀ M (a weight that produces activations, or its bias as a column).</summary>
    /// <param name="matrix">[w, c] F64.</param>
    public void MultiplyTransposedFromLeft(Tensor matrix)
    {
        if (_hadamard is null)
        {
            using Tensor product = _kernels.Multiply(_dense!, matrix, transposeA: true, transposeB: false);
            _kernels.Copy(product, matrix);
            return;
        }

        // Hᵀ M = (Mᵀ H)ᵀ: H is not symmetric for Paley's orders, so the transform must not be applied to the columns as it is.
        using Tensor transposed = _kernels.Transpose(matrix);
        _kernels.WalshHadamard(transposed, _hadamard);
        using Tensor back = _kernels.Transpose(transposed);
        _kernels.Copy(back, matrix);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _hadamard?.Dispose();
        _dense?.Dispose();
    }
}
