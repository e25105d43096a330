using MambaQuant.Quant.Kernels.Cpu.Simd;

namespace MambaQuant.Quant.Kernels.Cpu.Forward;

/// <summary>y[t, c] = x[t, c] / sqrt(Σ_c x[t, c]² / C + epsilon) · weight[c].</summary>
/// <remarks>Squares are summed in fp32 lanes over chunks of <see cref="ChunkVectors"/> vectors, the chunks in fp64, in ascending c; one row is one such sum.</remarks>
internal readonly unsafe struct RmsNormKernel : ITileKernel<float>
{
    private const int ChunkVectors = 16;

    private readonly float* _x;
    private readonly float* _weight;
    private readonly float* _y;
    private readonly int _columns;
    private readonly float _epsilon;
    private readonly RowTiling _rows;

    /// <summary>Makes the kernel; the weight may be null.</summary>
    internal RmsNormKernel(float* x, float* weight, float* y, int rows, int columns, float epsilon)
    {
        _x = x;
        _weight = weight;
        _y = y;
        _columns = columns;
        _epsilon = epsilon;
        _rows = new RowTiling(rows, columns);
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
            nint offset = (nint)row * _columns;
            Normalize<TLanes, TVector>(_x + offset, _y + offset);
        }
    }

    private void Normalize<TLanes, TVector>(float* x, float* y)
        where TLanes : struct, ILanes<TVector, float>
        where TVector : struct
    {
        double squares = 0;
        for (int chunk = 0; chunk < _columns; chunk += ChunkVectors * TLanes.Count)
        {
            TVector sum = TLanes.Zero;
            int end = Math.Min(_columns, chunk + (ChunkVectors * TLanes.Count));
            for (int c = chunk; c < end; c += TLanes.Count)
            {
                TVector value = LaneTail.Load<TLanes, TVector, float>(x + c, _columns - c);
                sum = TLanes.MultiplyAdd(value, value, sum);
            }

            squares += TLanes.Sum(sum);
        }

        TVector factor = TLanes.Broadcast((float)(1 / Math.Sqrt((squares / _columns) + _epsilon)));
        for (int c = 0; c < _columns; c += TLanes.Count)
        {
            TVector value = TLanes.Multiply(LaneTail.Load<TLanes, TVector, float>(x + c, _columns - c), factor);
            if (_weight != null)
            {
                value = TLanes.Multiply(value, LaneTail.Load<TLanes, TVector, float>(_weight + c, _columns - c));
            }

            LaneTail.Store<TLanes, TVector, float>(y + c, value, _columns - c);
        }
    }
}
