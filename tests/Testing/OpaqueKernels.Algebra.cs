using MambaQuant.Quant.Tensors;

namespace MambaQuant.Testing;

/// <content>Linear algebra, statistics and scores.</content>
public sealed partial class OpaqueKernels
{
    /// <inheritdoc/>
    public Tensor ToDouble(Tensor x) => Wrap(_hidden.ToDouble(Unwrap(x)));

    /// <inheritdoc/>
    public Tensor ToSingle(Tensor x) => Wrap(_hidden.ToSingle(Unwrap(x)));

    /// <inheritdoc/>
    public Tensor Multiply(Tensor a, Tensor b, bool transposeA, bool transposeB) =>
        Wrap(_hidden.Multiply(Unwrap(a), Unwrap(b), transposeA, transposeB));

    /// <inheritdoc/>
    public void ScaleRows(Tensor matrix, Tensor factors) => _hidden.ScaleRows(Unwrap(matrix), Unwrap(factors));

    /// <inheritdoc/>
    public void ScaleColumns(Tensor matrix, Tensor factors) => _hidden.ScaleColumns(Unwrap(matrix), Unwrap(factors));

    /// <inheritdoc/>
    public Tensor Transpose(Tensor matrix) => Wrap(_hidden.Transpose(Unwrap(matrix)));

    /// <inheritdoc/>
    public void MirrorLowerTriangle(Tensor matrix) => _hidden.MirrorLowerTriangle(Unwrap(matrix));

    /// <inheritdoc/>
    public (Tensor Values, Tensor Vectors) SymmetricEigen(Tensor matrix)
    {
        (Tensor values, Tensor vectors) = _hidden.SymmetricEigen(Unwrap(matrix));
        return (Wrap(values), Wrap(vectors));
    }

    /// <inheritdoc/>
    public Tensor InverseCholeskyUpper(Tensor matrix) => Wrap(_hidden.InverseCholeskyUpper(Unwrap(matrix)));

    /// <inheritdoc/>
    public Tensor ColumnAbsoluteMaximum(Tensor matrix) => Wrap(_hidden.ColumnAbsoluteMaximum(Unwrap(matrix)));

    /// <inheritdoc/>
    public double SquaredDistance(Tensor a, Tensor b) => _hidden.SquaredDistance(Unwrap(a), Unwrap(b));

    /// <inheritdoc/>
    public double SquaredNorm(Tensor a) => _hidden.SquaredNorm(Unwrap(a));

    /// <inheritdoc/>
    public void AccumulateSecondMoment(Tensor x, Tensor sum, Tensor outer) => _hidden.AccumulateSecondMoment(Unwrap(x), Unwrap(sum), Unwrap(outer));

    /// <inheritdoc/>
    public void AccumulateRange(Tensor x, Tensor minimum, Tensor maximum) => _hidden.AccumulateRange(Unwrap(x), Unwrap(minimum), Unwrap(maximum));

    /// <inheritdoc/>
    public void AccumulateHistogram(Tensor x, Tensor counts) => _hidden.AccumulateHistogram(Unwrap(x), Unwrap(counts));

    /// <inheritdoc/>
    public long FindNonFinite(Tensor x) => _hidden.FindNonFinite(Unwrap(x));

    /// <inheritdoc/>
    public void CrossEntropy(Tensor logits, ReadOnlySpan<int> targets, Span<double> losses) => _hidden.CrossEntropy(Unwrap(logits), targets, losses);

    /// <inheritdoc/>
    public void CompareDistributions(Tensor reference, Tensor candidate, Span<double> divergences, Span<bool> agreements) =>
        _hidden.CompareDistributions(Unwrap(reference), Unwrap(candidate), divergences, agreements);
}
