using MambaQuant.Quant.Kernels.Cpu.Algebra;
using MambaQuant.Quant.Kernels.Cpu.Simd;

namespace MambaQuant.Quant.Kernels.Cpu;

/// <summary>The CPU backend: managed SIMD kernels in AVX-512, AVX2 and portable tiers, parallel over fixed tiles.</summary>
/// <remarks>Partial by role: Memory, Forward, Scan, Quantized, Statistics, LinearAlgebra, Score.</remarks>
public sealed partial class CpuKernels : IKernels, IDisposable
{
    /// <summary>Memory of tensors that were disposed which a backend keeps for the next ones, at most.</summary>
    public const long KeptMemoryBytes = 512L << 20;

    /// <summary>Name and version of the backend's own eigensolver; the number rises when its results change in a bit.</summary>
    private const string ManagedSolver = "managed-1";

    private readonly CpuMemoryPool _pool = new(KeptMemoryBytes);
    private readonly TileLoop _tiles;
    private readonly NativeLapack? _lapack;

    /// <summary>Makes a backend.</summary>
    /// <param name="options">Threads and libraries; null for the defaults.</param>
    /// <exception cref="DllNotFoundException">A native LAPACK is asked for and there is none.</exception>
    public CpuKernels(CpuKernelsOptions? options = null)
    {
        Options = options ?? new CpuKernelsOptions();
        ArgumentOutOfRangeException.ThrowIfLessThan(Options.Threads, 1, nameof(options));
        _tiles = new TileLoop(Options.Threads, Options.Share);
        _lapack = Options.LinearAlgebraLibrary == LinearAlgebraLibrary.Managed ? null : NativeLapack.Find();
        if (_lapack is null && Options.LinearAlgebraLibrary == LinearAlgebraLibrary.Native)
        {
            throw new DllNotFoundException($"no LAPACK library was found (tried {NativeLapack.TriedNames}); install OpenBLAS or choose the managed solver");
        }
    }

    /// <summary>What the backend was made with.</summary>
    public CpuKernelsOptions Options { get; }

    /// <inheritdoc/>
    /// <remarks>Such as "cpu/avx512/managed-1" or "cpu/avx2/openblas-0.3.21-haswell": SIMD tier and eigensolver. The number of threads changes no bit.</remarks>
    public string Profile => $"cpu/{SimdTiers.Name}/{_lapack?.Name ?? ManagedSolver}";

    /// <summary>Bytes in tensors that are alive.</summary>
    public long LiveBytes => _pool.LiveBytes;

    /// <inheritdoc/>
    public void Dispose() => _pool.Dispose();
}
