using System.Runtime.InteropServices;

namespace MambaQuant.Quant.Kernels.Cpu.Algebra;

/// <summary>Plane rotations of several sweeps of the tridiagonal iteration, recorded so that they can be applied to the eigenvectors together.</summary>
/// <remarks>
/// The iteration itself needs a few numbers per rotation, the eigenvectors n of them. Recording the sweeps and applying many
/// at a time lets a narrow tile of the eigenvectors stay in the cache for all of them, and tiles run in parallel.
/// One sweep rotates neighbouring rows one after another, upwards or downwards.
/// </remarks>
internal sealed class RotationSweeps
{
    private readonly List<Sweep> _sweeps = [];
    private readonly double[] _cosines;
    private readonly double[] _sines;
    private int _count;

    /// <summary>Makes room for some rotations.</summary>
    /// <param name="capacity">Rotations; at least those of the longest sweep.</param>
    internal RotationSweeps(int capacity)
    {
        _cosines = new double[capacity];
        _sines = new double[capacity];
    }

    /// <summary>The recorded sweeps, oldest first.</summary>
    internal ReadOnlySpan<Sweep> Recorded => CollectionsMarshal.AsSpan(_sweeps);

    /// <summary>The cosine of every rotation, in the order of recording.</summary>
    internal ReadOnlySpan<double> Cosines => _cosines.AsSpan(0, _count);

    /// <summary>The sine of every rotation, likewise.</summary>
    internal ReadOnlySpan<double> Sines => _sines.AsSpan(0, _count);

    /// <summary>Whether a sweep of some length still fits.</summary>
    internal bool HasRoomFor(int rotations) => _count + rotations <= _cosines.Length;

    /// <summary>Starts a sweep.</summary>
    /// <param name="row">The row that its first rotation turns together with <paramref name="row"/> + <paramref name="step"/>.</param>
    /// <param name="step">+1 or −1, the way to the next row.</param>
    internal void Begin(int row, int step) => _sweeps.Add(new Sweep(row, step, _count, 0));

    /// <summary>Adds the next rotation of the current sweep: (here, next) ← (c·here + s·next, c·next − s·here).</summary>
    internal void Add(double cosine, double sine)
    {
        _cosines[_count] = cosine;
        _sines[_count] = sine;
        _count++;
        _sweeps[^1] = _sweeps[^1] with { Length = _count - _sweeps[^1].Offset };
    }

    /// <summary>Forgets everything recorded.</summary>
    internal void Clear()
    {
        _sweeps.Clear();
        _count = 0;
    }

    /// <summary>One sweep: rotation k turns rows Row + k·Step and Row + (k+1)·Step by the angle at Offset + k.</summary>
    internal readonly record struct Sweep(int Row, int Step, int Offset, int Length);
}
