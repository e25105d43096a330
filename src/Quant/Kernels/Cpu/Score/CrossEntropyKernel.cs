using MambaQuant.Quant.Kernels.Cpu.Simd;

namespace MambaQuant.Quant.Kernels.Cpu.Score;

/// <summary>losses[t] = log Σ_v exp(x[t, v]) − x[t, target[t]], with the largest logit taken out of the sum; 0 for a negative target.</summary>
internal readonly unsafe struct CrossEntropyKernel : ITileKernel<float>
{
    private readonly float* _logits;
    private readonly int* _targets;
    private readonly double* _losses;
    private readonly int _words;
    private readonly RowTiling _rows;

    /// <summary>Makes the kernel.</summary>
    internal CrossEntropyKernel(float* logits, int* targets, double* losses, int rows, int words)
    {
        _logits = logits;
        _targets = targets;
        _losses = losses;
        _words = words;
        _rows = new RowTiling(rows, words);
    }

    /// <summary>Number of tiles.</summary>
    internal int Tiles => _rows.Tiles;

    /// <inheritdoc/>
    public void Tile<TLanes, TVector>(int tile)
        where TLanes : struct, ILanes<TVector, float>
        where TVector : struct
    {
        for (int row = _rows.First(tile); row < _rows.End(tile); row++)
        {
            int target = _targets[row];
            if (target < 0)
            {
                _losses[row] = 0;
                continue;
            }

            float* logits = _logits + ((nint)row * _words);
            float largest = RowExponentials.Largest<TLanes, TVector>(logits, _words);
            double sum = RowExponentials.Sum<TLanes, TVector>(logits, _words, largest, null);
            _losses[row] = Math.Log(sum) + ((double)largest - logits[target]);
        }
    }
}
