using MambaQuant.Quant.Kernels.Cpu.Simd;

namespace MambaQuant.Quant.Kernels.Cpu.Algebra;

/// <summary>Applies recorded sweeps of plane rotations to the rows of a matrix, a narrow tile of columns at a time.</summary>
/// <remarks>
/// A tile is four vectors wide in AVX-512 and stored by itself, row after row, so that it fits the second-level cache for all
/// sweeps whatever the order of the matrix. Within a sweep the row that two neighbouring rotations share is carried in
/// registers: each row is read and written once.
/// </remarks>
internal unsafe struct RotationKernel : ITileKernel<double>
{
    /// <summary>Columns of a tile; the matrix is padded to a multiple of it.</summary>
    internal const int ColumnsPerTile = 32;

    /// <summary>The matrix, [tile][row][column of a tile].</summary>
    internal double* Matrix;

    /// <summary>Number of rows.</summary>
    internal int Rows;

    /// <summary>The sweeps, oldest first.</summary>
    internal RotationSweeps.Sweep* Sweeps;

    /// <summary>Number of sweeps.</summary>
    internal int SweepCount;

    /// <summary>Cosines of all rotations.</summary>
    internal double* Cosines;

    /// <summary>Sines of all rotations.</summary>
    internal double* Sines;

    /// <inheritdoc/>
    public readonly void Tile<TLanes, TVector>(int tile)
        where TLanes : struct, ILanes<TVector, double>
        where TVector : struct
    {
        double* first = Matrix + ((long)tile * Rows * ColumnsPerTile);
        for (int column = 0; column < ColumnsPerTile; column += 4 * TLanes.Count)
        {
            for (int sweep = 0; sweep < SweepCount; sweep++)
            {
                Turn<TLanes, TVector>(Sweeps[sweep], first + column);
            }
        }
    }

    private readonly void Turn<TLanes, TVector>(RotationSweeps.Sweep sweep, double* matrix)
        where TLanes : struct, ILanes<TVector, double>
        where TVector : struct
    {
        int lanes = TLanes.Count;
        int step = sweep.Step * ColumnsPerTile;
        double* row = matrix + ((long)sweep.Row * ColumnsPerTile);
        TVector here0 = TLanes.Load(row);
        TVector here1 = TLanes.Load(row + lanes);
        TVector here2 = TLanes.Load(row + (2 * lanes));
        TVector here3 = TLanes.Load(row + (3 * lanes));
        double* cosines = Cosines + sweep.Offset;
        double* sines = Sines + sweep.Offset;
        for (int k = 0; k < sweep.Length; k++)
        {
            TVector cosine = TLanes.Broadcast(cosines[k]);
            TVector sine = TLanes.Broadcast(sines[k]);
            TVector minus = TLanes.Broadcast(-sines[k]);
            double* next = row + step;
            TVector next0 = TLanes.Load(next);
            TVector next1 = TLanes.Load(next + lanes);
            TVector next2 = TLanes.Load(next + (2 * lanes));
            TVector next3 = TLanes.Load(next + (3 * lanes));
            TLanes.Store(row, TLanes.MultiplyAdd(sine, next0, TLanes.Multiply(cosine, here0)));
            TLanes.Store(row + lanes, TLanes.MultiplyAdd(sine, next1, TLanes.Multiply(cosine, here1)));
            TLanes.Store(row + (2 * lanes), TLanes.MultiplyAdd(sine, next2, TLanes.Multiply(cosine, here2)));
            TLanes.Store(row + (3 * lanes), TLanes.MultiplyAdd(sine, next3, TLanes.Multiply(cosine, here3)));
            here0 = TLanes.MultiplyAdd(minus, here0, TLanes.Multiply(cosine, next0));
            here1 = TLanes.MultiplyAdd(minus, here1, TLanes.Multiply(cosine, next1));
            here2 = TLanes.MultiplyAdd(minus, here2, TLanes.Multiply(cosine, next2));
            here3 = TLanes.MultiplyAdd(minus, here3, TLanes.Multiply(cosine, next3));
            row = next;
        }

        TLanes.Store(row, here0);
        TLanes.Store(row + lanes, here1);
        TLanes.Store(row + (2 * lanes), here2);
        TLanes.Store(row + (3 * lanes), here3);
    }
}
