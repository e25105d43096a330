using System.Runtime.CompilerServices;
using MambaQuant.Quant.Kernels.Cpu.Simd;

namespace MambaQuant.Quant.Kernels.Cpu.Forward;

/// <summary>y[t, c] = x[t, c] / sqrt(Σ_c x[t, c]² / C + epsilon) · weight[c].</summary>
/// <remarks>Squares are summed in fp32 lanes over chunks of <see cref="ChunkVectors"/> vectors, the chunks and the odd columns at the end in fp64, in ascending c.</remarks>
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
        int whole = _columns - (_columns % TLanes.Count);
        double squares = 0;
        for (int chunk = 0; chunk < whole; chunk += ChunkVectors * TLanes.Count)
        {
            TVector sum = TLanes.Zero;
            int end = Math.Min(whole, chunk + (ChunkVectors * TLanes.Count));
            for (int c = chunk; c < end; c += TLanes.Count)
            {
                TVector value = TLanes.Load(x + c);
                sum = TLanes.MultiplyAdd(value, value, sum);
            }

            squares += TLanes.Sum(sum);
        }

        if (whole < _columns)
        {
            TVector value = LaneTail.Load<TLanes, TVector, float>(x + whole, _columns - whole);
            squares += TLanes.Sum(TLanes.Multiply(value, value));
        }

        TVector factor = TLanes.Broadcast((float)(1 / Math.Sqrt((squares / _columns) + _epsilon)));
        for (int c = 0; c < whole; c += TLanes.Count)
        {
            Scale<TLanes, TVector>(x, y, factor, c, TLanes.Count);
        }

        if (whole < _columns)
        {
            Scale<TLanes, TVector>(x, y, factor, whole, _columns - whole);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void Scale<TLanes, TVector>(float* x, float* y, TVector factor, int c, int lanes)
        where TLanes : struct, ILanes<TVector, float>
        where TVector : struct
    {
        TVector value = TLanes.Multiply(LaneTail.Load<TLanes, TVector, float>(x + c, lanes), factor);
        if (_weight != null)
        {
            value = TLanes.Multiply(value, LaneTail.Load<TLanes, TVector, float>(_weight + c, lanes));
        }

        LaneTail.Store<TLanes, TVector, float>(y + c, value, lanes);
    }
}
