using System.Runtime.CompilerServices;
using MambaQuant.Quant.Kernels.Cpu.Simd;

namespace MambaQuant.Quant.Kernels.Cpu.Forward;

/// <summary>g[t, e] = y[t, e] · (z / (1 + exp(−s[e] · z))), z = gate[t, e]: SiLU, or its smooth form where s is given.</summary>
internal readonly unsafe struct GatedSiluKernel : ITileKernel<float>
{
    private readonly float* _y;
    private readonly float* _gate;
    private readonly float* _smoothing;
    private readonly float* _result;
    private readonly int _columns;
    private readonly RowTiling _rows;

    /// <summary>Makes the kernel; the smoothing may be null.</summary>
    internal GatedSiluKernel(float* y, float* gate, float* smoothing, float* result, int rows, int columns)
    {
        _y = y;
        _gate = gate;
        _smoothing = smoothing;
        _result = result;
        _columns = columns;
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
            int c = 0;
            for (; c <= _columns - TLanes.Count; c += TLanes.Count)
            {
                Gate<TLanes, TVector>(offset, c, TLanes.Count);
            }

            if (c < _columns)
            {
                Gate<TLanes, TVector>(offset, c, _columns - c);
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void Gate<TLanes, TVector>(nint offset, int c, int lanes)
        where TLanes : struct, ILanes<TVector, float>
        where TVector : struct
    {
        TVector gate = LaneTail.Load<TLanes, TVector, float>(_gate + offset + c, lanes);
        TVector negative = TLanes.Subtract(TLanes.Zero, gate);
        if (_smoothing != null)
        {
            negative = TLanes.Multiply(negative, LaneTail.Load<TLanes, TVector, float>(_smoothing + c, lanes));
        }

        TVector silu = TLanes.Divide(gate, TLanes.Add(TLanes.Broadcast(1f), LaneMath.Exp<TLanes, TVector>(negative)));
        TVector value = TLanes.Multiply(LaneTail.Load<TLanes, TVector, float>(_y + offset + c, lanes), silu);
        LaneTail.Store<TLanes, TVector, float>(_result + offset + c, value, lanes);
    }
}
