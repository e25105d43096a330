namespace MambaQuant.Quant.Kernels.Cpu.Algebra;

/// <summary>Eigenvalues of a symmetric tridiagonal matrix by the implicitly shifted QL iteration, and the rotations that diagonalise it.</summary>
/// <remarks>
/// A step on an unreduced block chooses a shift near the eigenvalue at one end (Wilkinson's), turns the first plane so as
/// to begin the QL factorization of the shifted matrix, and chases the bulge to the other end by further plane rotations.
/// The last off-diagonal element converges to zero cubically. A block whose large entries stand at its beginning is
/// worked from the other end (that is QR): small eigenvalues of graded matrices, such as covariances, keep their digits.
/// Serial: O(n) numbers a step; what costs, the rotations of the eigenvectors, is recorded and applied by the caller.
/// Source: Golub and Van Loan, Matrix Computations, §8.3; the choice of the end as in LAPACK's dsteqr.
/// </remarks>
internal sealed class TridiagonalIteration
{
    private const double UnitRoundoff = 1.0 / (1L << 53);
    private const double Negligible = 1e-290;
    private const int StepsPerEigenvalue = 60;

    private readonly double[] _diagonal;
    private readonly double[] _offDiagonal;
    private readonly RotationSweeps _rotations;
    private readonly Action<RotationSweeps> _apply;
    private long _stepsLeft;

    /// <summary>Prepares the iteration.</summary>
    /// <param name="diagonal">n numbers, of magnitude about 1 at most; overwritten with the eigenvalues, in no order.</param>
    /// <param name="offDiagonal">n numbers, the last unused; overwritten.</param>
    /// <param name="rotations">Where rotations are recorded; must hold n.</param>
    /// <param name="apply">Called whenever the recorded rotations are to be applied, oldest first; they are forgotten afterwards.</param>
    internal TridiagonalIteration(double[] diagonal, double[] offDiagonal, RotationSweeps rotations, Action<RotationSweeps> apply)
    {
        _diagonal = diagonal;
        _offDiagonal = offDiagonal;
        _rotations = rotations;
        _apply = apply;
        _stepsLeft = (long)StepsPerEigenvalue * Math.Max(diagonal.Length, 1);
    }

    /// <summary>Iterates until every off-diagonal element is negligible.</summary>
    /// <exception cref="NumericalException">It takes more than 60 steps an eigenvalue.</exception>
    internal void Run()
    {
        int n = _diagonal.Length;
        for (int first = 0; first < n;)
        {
            int last = first;
            while (last < n - 1 && !IsNegligible(last))
            {
                last++;
            }

            Diagonalise(first, last);
            first = last + 1;
        }

        Flush();
    }

    /// <summary>Diagonalises a block, from the end that holds the smaller numbers.</summary>
    private void Diagonalise(int first, int last)
    {
        bool mirrored = Math.Abs(_diagonal[last]) < Math.Abs(_diagonal[first]);
        int step = mirrored ? -1 : 1;
        int low = mirrored ? last : first;
        int high = mirrored ? first : last;
        while (low != high)
        {
            int split = low;
            while (split != high && !IsNegligible(LinkIndex(split, step)))
            {
                split += step;
            }

            if (split == low)
            {
                low += step;
                continue;
            }

            if (_stepsLeft-- == 0)
            {
                throw new NumericalException(
                    $"the symmetric eigenvalue iteration did not converge within {StepsPerEigenvalue} steps an eigenvalue at order {_diagonal.Length} " +
                    $"(stopped at eigenvalue {low}, off-diagonal {_offDiagonal[LinkIndex(low, step)]:E3} of a matrix scaled to 1); " +
                    "look for denormal or wildly scaled entries in the matrix");
            }

            Step(low, split, step);
        }
    }

    /// <summary>One implicit step on the unreduced block from <paramref name="low"/> to <paramref name="high"/>, which lies <paramref name="step"/>-wards.</summary>
    private void Step(int low, int high, int step)
    {
        if (!_rotations.HasRoomFor(Math.Abs(high - low)))
        {
            Flush();
        }

        double[] d = _diagonal;
        double[] e = _offDiagonal;
        double link = e[LinkIndex(low, step)];
        double halfGap = (d[low + step] - d[low]) / (2 * link);
        double bulge = d[high] - d[low] + (link / (halfGap + Math.CopySign(double.Hypot(halfGap, 1), halfGap)));
        double cosine = 1;
        double sine = 1;
        double carried = 0;
        _rotations.Begin(high, -step);
        for (int i = high - step; ; i -= step)
        {
            double above = sine * e[LinkIndex(i, step)];
            double beside = cosine * e[LinkIndex(i, step)];
            double length = double.Hypot(above, bulge);
            if (i + step != high)
            {
                e[LinkIndex(i + step, step)] = length;
            }

            if (length == 0)
            {
                // The bulge vanished by underflow: the block splits here, and what was done so far stands.
                d[i + step] -= carried;
                break;
            }

            sine = above / length;
            cosine = bulge / length;
            double shifted = d[i + step] - carried;
            double turn = ((d[i] - shifted) * sine) + (2 * cosine * beside);
            carried = sine * turn;
            d[i + step] = shifted + carried;
            bulge = (cosine * turn) - beside;
            _rotations.Add(cosine, sine);
            if (i == low)
            {
                d[low] -= carried;
                e[LinkIndex(low, step)] = bulge;
                break;
            }
        }
    }

    /// <summary>Whether the link between an index and the next is too small to change either eigenvalue.</summary>
    private bool IsNegligible(int link)
    {
        double square = _offDiagonal[link] * _offDiagonal[link];
        return square <= (UnitRoundoff * UnitRoundoff * Math.Abs(_diagonal[link]) * Math.Abs(_diagonal[link + 1])) + Negligible;
    }

    /// <summary>Where the link between index i and its neighbour i + step is stored.</summary>
    private static int LinkIndex(int i, int step) => step > 0 ? i : i - 1;

    private void Flush()
    {
        _apply(_rotations);
        _rotations.Clear();
    }
}
