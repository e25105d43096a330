using MambaQuant.Quant.Kernels.Cpu.Simd;

namespace MambaQuant.Quant.Kernels.Cpu.Score;

/// <summary>KL(p ‖ q) = Σ_v p_v (x_v − y_v) − log Z_x + log Z_y for p = softmax(x), q = softmax(y), and whether both have the same first largest logit.</summary>
/// <remarks>All in fp64; equal rows give exactly 0, rounding alone can make a divergence about 1e-15 instead, of either sign.</remarks>
internal readonly unsafe struct DivergenceKernel : ITileKernel<double>
{
    private readonly float* _reference;
    private readonly float* _candidate;
    private readonly double* _divergences;
    private readonly bool* _agreements;
    private readonly int _words;
    private readonly RowTiling _rows;
    private readonly CpuMemoryPool _pool;

    /// <summary>Makes the kernel.</summary>
    internal DivergenceKernel(float* reference, float* candidate, double* divergences, bool* agreements, int rows, int words, CpuMemoryPool pool)
    {
        _reference = reference;
        _candidate = candidate;
        _divergences = divergences;
        _agreements = agreements;
        _words = words;
        _rows = new RowTiling(rows, words);
        _pool = pool;
    }

    /// <summary>Number of tiles.</summary>
    internal int Tiles => _rows.Tiles;

    /// <inheritdoc/>
    public void Tile<TLanes, TVector>(int tile)
        where TLanes : struct, ILanes<TVector, double>
        where TVector : struct
    {
        int padded = RowExponentials.PaddedCount(_words);
        long scratchBytes = 2L * padded * sizeof(double);
        var x = (double*)_pool.Rent(scratchBytes);
        double* y = x + padded;
        for (int row = _rows.First(tile); row < _rows.End(tile); row++)
        {
            RowExponentials.Widen(_reference + ((nint)row * _words), _words, x);
            RowExponentials.Widen(_candidate + ((nint)row * _words), _words, y);
            double largestX = RowExponentials.Largest<TLanes, TVector>(x, padded);
            double largestY = RowExponentials.Largest<TLanes, TVector>(y, padded);
            double sumX = RowExponentials.Sum<TLanes, TVector>(x, padded, largestX);
            double sumY = RowExponentials.Sum<TLanes, TVector>(y, padded, largestY);
            double weighted = RowExponentials.WeightedDifference<TLanes, TVector>(x, y, padded, largestX);
            _divergences[row] = (weighted / sumX) - (largestX - largestY) - (Math.Log(sumX) - Math.Log(sumY));
            _agreements[row] = RowExponentials.IndexOf(x, _words, largestX) == RowExponentials.IndexOf(y, _words, largestY);
        }

        _pool.Return((byte*)x, scratchBytes);
    }
}
