using System.Numerics;
using MambaQuant.Quant.Kernels.Cpu.Simd;

namespace MambaQuant.Quant.Kernels.Cpu.Score;

/// <summary>KL(p ‖ q) = Σ_v p_v (x_v − y_v) − log Z_x + log Z_y for p = softmax(x), q = softmax(y), and whether both have the same first largest logit.</summary>
/// <remarks>The differences x − y and their sum are fp64, the weights p come from fp32 exponentials: equal rows give exactly 0; near 0 the noise is about 1e-8.</remarks>
internal readonly unsafe struct DivergenceKernel : ITileKernel<float>
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
        where TLanes : struct, ILanes<TVector, float>
        where TVector : struct
    {
        long scratchBytes = (long)_words * sizeof(float);
        var weights = (float*)_pool.Rent(scratchBytes);
        for (int row = _rows.First(tile); row < _rows.End(tile); row++)
        {
            float* x = _reference + ((nint)row * _words);
            float* y = _candidate + ((nint)row * _words);
            float largestX = RowExponentials.Largest<TLanes, TVector>(x, _words);
            float largestY = RowExponentials.Largest<TLanes, TVector>(y, _words);
            double sumX = RowExponentials.Sum<TLanes, TVector>(x, _words, largestX, weights);
            double sumY = RowExponentials.Sum<TLanes, TVector>(y, _words, largestY, null);
            _divergences[row] = (WeightedDifference(x, y, weights, _words) / sumX)
                - ((double)largestX - largestY) - (Math.Log(sumX) - Math.Log(sumY));
            _agreements[row] = new ReadOnlySpan<float>(x, _words).IndexOf(largestX) == new ReadOnlySpan<float>(y, _words).IndexOf(largestY);
        }

        _pool.Return((byte*)weights, scratchBytes);
    }

    /// <summary>Σ w (x − y) in fp64; a weight of 0 (a logit of −∞) contributes nothing.</summary>
    private static double WeightedDifference(float* x, float* y, float* weights, int count)
    {
        Vector<double> sums = Vector<double>.Zero;
        int i = 0;
        for (; i <= count - Vector<float>.Count; i += Vector<float>.Count)
        {
            Vector.Widen(*(Vector<float>*)(x + i), out Vector<double> lowX, out Vector<double> highX);
            Vector.Widen(*(Vector<float>*)(y + i), out Vector<double> lowY, out Vector<double> highY);
            Vector.Widen(*(Vector<float>*)(weights + i), out Vector<double> lowWeight, out Vector<double> highWeight);
            sums += Product(lowWeight, lowX - lowY);
            sums += Product(highWeight, highX - highY);
        }

        double sum = Vector.Sum(sums);
        for (; i < count; i++)
        {
            sum += weights[i] == 0 ? 0 : weights[i] * ((double)x[i] - y[i]);
        }

        return sum;
    }

    private static Vector<double> Product(Vector<double> weight, Vector<double> difference) =>
        Vector.ConditionalSelect(Vector.Equals(weight, Vector<double>.Zero), Vector<double>.Zero, weight * difference);
}
