using System.Numerics;
using System.Runtime.Intrinsics;

namespace MambaQuant.Quant.Kernels.Cpu.Simd;

/// <summary>Runs the tiles of a kernel, on several threads where the work is worth waking them.</summary>
internal sealed class TileLoop
{
    /// <summary>Below this many multiply-adds (or as costly operations) a call stays on its own thread: waking another costs some 10 µs.</summary>
    private const long SerialOperations = 1 << 18;

    private readonly int _threads;
    private readonly ThreadShare? _share;

    /// <summary>Makes a loop.</summary>
    /// <param name="threads">Threads that one run may use, at least 1.</param>
    /// <param name="share">Threads that are divided with others; null where these are its own.</param>
    internal TileLoop(int threads, ThreadShare? share = null)
    {
        _threads = threads;
        _share = share;
    }

    /// <summary>Runs every tile of a kernel once, in any order, with the widest lanes of this process.</summary>
    /// <param name="kernel">The kernel.</param>
    /// <param name="tiles">Number of tiles.</param>
    /// <param name="operations">Estimated multiply-adds of all tiles together.</param>
    internal void Run<TKernel, T>(TKernel kernel, int tiles, long operations)
        where TKernel : struct, ITileKernel<T>
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        if (Workers(tiles, operations) > 1)
        {
            RunParallel<TKernel, T>(kernel, tiles, operations);
            return;
        }

        for (int tile = 0; tile < tiles; tile++)
        {
            RunTile<TKernel, T>(ref kernel, tile);
        }
    }

    /// <summary>Runs a body once for every tile, in any order; the body must not throw.</summary>
    /// <param name="tiles">Number of tiles.</param>
    /// <param name="operations">Estimated multiply-adds of all tiles together.</param>
    /// <param name="body">Takes the index of a tile.</param>
    internal void Run(int tiles, long operations, Action<int> body)
    {
        int workers = Workers(tiles, operations);
        int next = -1;
        if (workers == 1)
        {
            Work(0);
            return;
        }

        Parallel.For(0, workers, new ParallelOptions { MaxDegreeOfParallelism = workers }, Work);

        void Work(int worker)
        {
            for (int tile = Interlocked.Increment(ref next); tile < tiles; tile = Interlocked.Increment(ref next))
            {
                body(tile);
            }
        }
    }

    /// <summary>Apart from <see cref="Run{TKernel, T}"/>, so that a serial run makes no closure.</summary>
    private void RunParallel<TKernel, T>(TKernel kernel, int tiles, long operations)
        where TKernel : struct, ITileKernel<T>
        where T : unmanaged, IBinaryFloatingPointIeee754<T> =>
        Run(tiles, operations, tile => RunTile<TKernel, T>(ref kernel, tile));

    private static void RunTile<TKernel, T>(ref TKernel kernel, int tile)
        where TKernel : struct, ITileKernel<T>
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        if (Vector512.IsHardwareAccelerated)
        {
            kernel.Tile<Lanes512<T>, Vector512<T>>(tile);
        }
        else if (Vector256.IsHardwareAccelerated)
        {
            kernel.Tile<Lanes256<T>, Vector256<T>>(tile);
        }
        else if (Vector128.IsHardwareAccelerated)
        {
            kernel.Tile<Lanes128<T>, Vector128<T>>(tile);
        }
        else
        {
            kernel.Tile<LanesScalar<T>, T>(tile);
        }
    }

    private int Workers(int tiles, long operations) => operations < SerialOperations ? 1 : Math.Max(1, Math.Min(_share?.Part ?? _threads, tiles));
}
