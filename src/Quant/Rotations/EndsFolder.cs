using MambaQuant.Quant.Kernels;
using MambaQuant.Quant.Tensors;

namespace MambaQuant.Quant.Rotations;

/// <summary>Folds the rotation of the residual stream into what lies outside the layers: embeddings, final norm, head.</summary>
/// <remarks>
/// Embeddings E ← E T; head W ← W diag(γ) T; final norm γ ← 1. The two tables differ afterwards, so a tied head is tied no
/// more. Tables go through in chunks of rows of any size: a row's result does not depend on the chunk it came in.
/// </remarks>
public sealed class EndsFolder : IDisposable
{
    private readonly IKernels _kernels;
    private readonly LoadedRotation _rotation;
    private readonly Tensor _gamma;

    /// <summary>Loads the rotation.</summary>
    /// <param name="kernels">The backend.</param>
    /// <param name="residual">The rotation T of the residual stream.</param>
    /// <param name="finalNorm">Weight γ of the final norm, [d] F32; it stays as it is and is not kept.</param>
    /// <exception cref="ArgumentException">The widths differ.</exception>
    public EndsFolder(IKernels kernels, Rotation residual, Tensor finalNorm)
    {
        ArgumentNullException.ThrowIfNull(kernels);
        ArgumentNullException.ThrowIfNull(residual);
        ArgumentNullException.ThrowIfNull(finalNorm);
        if (finalNorm.Shape != new Shape(residual.Width))
        {
            throw new ArgumentException($"a norm weight of {residual.Width} channels is expected, found {finalNorm}", nameof(finalNorm));
        }

        _kernels = kernels;
        _gamma = kernels.ToDouble(finalNorm);
        _rotation = new LoadedRotation(kernels, residual);
    }

    /// <summary>Rows of the embedding table, rotated.</summary>
    /// <param name="rows">[rows, d] F32; they stay as they are.</param>
    /// <returns>[rows, d] F32, folded in fp64 and rounded once, ties to even; the caller disposes it.</returns>
    public Tensor Embeddings(Tensor rows) => Fold(rows, columnFactors: null);

    /// <summary>Rows of the head, with γ folded in and rotated.</summary>
    /// <param name="rows">[rows, d] F32; they stay as they are.</param>
    /// <returns>[rows, d] F32, folded in fp64 and rounded once, ties to even; the caller disposes it.</returns>
    public Tensor Head(Tensor rows) => Fold(rows, _gamma);

    /// <summary>The weight of the final norm afterwards: ones.</summary>
    /// <returns>[d] F32; the caller disposes it.</returns>
    public Tensor FinalNorm()
    {
        float[] ones = new float[_gamma.Shape.Columns];
        Array.Fill(ones, 1);
        return _kernels.Upload<float>(ones, _gamma.Shape);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _gamma.Dispose();
        _rotation.Dispose();
    }

    private Tensor Fold(Tensor rows, Tensor? columnFactors)
    {
        using Tensor wide = _kernels.ToDouble(rows);
        if (columnFactors is not null)
        {
            _kernels.ScaleColumns(wide, columnFactors);
        }

        _rotation.MultiplyFromRight(wide);
        return _kernels.ToSingle(wide);
    }
}
