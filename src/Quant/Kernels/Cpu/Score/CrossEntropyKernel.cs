using MambaQuant.Quant.Kernels.Cpu.Simd;

namespace MambaQuant.Quant.Kernels.Cpu.Score;

/// <summary>losses[t] = log Σ_v exp(x[t, v]) − x[t, target[t]], in fp64, with the largest logit taken out of the sum; 0 for a negative target.</summary>
internal readonly unsafe struct CrossEntropyKernel : ITileKernel<double>
{
    private readonly float* _logits;
    private readonly int* _targets;
    private readonly double* _losses;
    private readonly int _words;
    private readonly RowTiling _rows;
    private readonly CpuMemoryPool _pool;

    /// <summary>Makes the kernel.</summary>
    internal CrossEntropyKernel(float* logits, int* targets, double* losses, int rows, int words, CpuMemoryPool pool)
    {
        _logits = logits;
        _targets = targets;
        _losses = losses;
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
        long scratchBytes = (long)padded * sizeof(double);
        var wide = (double*)_pool.Rent(scratchBytes);
        for (int row = _rows.First(tile); row < _rows.End(tile); row++)
        {
            int target = _targets[row];
            if (target < 0)
            {
                _losses[row] = 0;
                continue;
            }

            RowExponentials.Widen(_logits + ((nint)row * _words), _words, wide);
            double largest = RowExponentials.Largest<TLanes, TVector>(wide, padded);
            double sum = RowExponentials.Sum<TLanes, TVector>(wide, padded, largest);
            _losses[row] = Math.Log(sum) + (largest - wide[target]);
        }

        _pool.Return((byte*)wide, scratchBytes);
    }
}
