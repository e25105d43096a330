using MambaQuant.Quant.Tensors;

namespace MambaQuant.Quant.Kernels;

/// <summary>Offline algebra of the method, fp64: folding, covariances, eigenproblems, reductions.</summary>
public interface ILinearAlgebraKernels
{
    /// <summary>Widens F32 to F64.</summary>
    /// <param name="x">F32.</param>
    Tensor ToDouble(Tensor x);

    /// <summary>Rounds F64 to F32, ties to even.</summary>
    /// <param name="x">F64.</param>
    Tensor ToSingle(Tensor x);

    /// <summary>The matrix product op(a) · op(b) in fp64.</summary>
    /// <param name="a">[m, k] F64, or [k, m] when transposed.</param>
    /// <param name="b">[k, n] F64, or [n, k] when transposed.</param>
    /// <param name="transposeA">Whether a is read transposed.</param>
    /// <param name="transposeB">Whether b is read transposed.</param>
    /// <returns>[m, n] F64.</returns>
    Tensor Multiply(Tensor a, Tensor b, bool transposeA, bool transposeB);

    /// <summary>In place: row i ← row i · factors[i].</summary>
    /// <param name="matrix">[r, c] (or [r]) F64.</param>
    /// <param name="factors">[r] F64.</param>
    void ScaleRows(Tensor matrix, Tensor factors);

    /// <summary>In place: column j ← column j · factors[j].</summary>
    /// <param name="matrix">[r, c] F64.</param>
    /// <param name="factors">[c] F64.</param>
    void ScaleColumns(Tensor matrix, Tensor factors);

    /// <summary>The transposed matrix.</summary>
    /// <param name="matrix">[r, c] F64.</param>
    /// <returns>[c, r] F64.</returns>
    Tensor Transpose(Tensor matrix);

    /// <summary>In place: copies the lower triangle over the upper one.</summary>
    /// <param name="matrix">[n, n] F64.</param>
    void MirrorLowerTriangle(Tensor matrix);

    /// <summary>Eigenvalues and eigenvectors of a symmetric matrix.</summary>
    /// <param name="matrix">[n, n] F64; only the lower triangle is read.</param>
    /// <returns>Values [n] F64 ascending; vectors [n, n] F64, one a column, the entry of largest magnitude (the first of equals) positive.</returns>
    /// <exception cref="NumericalException">The iteration does not converge, or a value is not finite.</exception>
    (Tensor Values, Tensor Vectors) SymmetricEigen(Tensor matrix);

    /// <summary>The upper triangular U with M⁻¹ = Uᵀ U.</summary>
    /// <param name="matrix">M, [n, n] F64, symmetric positive definite; only the lower triangle is read.</param>
    /// <exception cref="NumericalException">M is not positive definite; names the pivot.</exception>
    Tensor InverseCholeskyUpper(Tensor matrix);

    /// <summary>The largest magnitude in every column.</summary>
    /// <param name="matrix">[r, c] F32 or F64.</param>
    /// <returns>[c] of the same dtype.</returns>
    Tensor ColumnAbsoluteMaximum(Tensor matrix);

    /// <summary>Σ (a − b)², in fp64.</summary>
    /// <param name="a">F32 or F64.</param>
    /// <param name="b">Same dtype and element count.</param>
    double SquaredDistance(Tensor a, Tensor b);

    /// <summary>Σ a², in fp64.</summary>
    /// <param name="a">F32 or F64.</param>
    double SquaredNorm(Tensor a);
}
