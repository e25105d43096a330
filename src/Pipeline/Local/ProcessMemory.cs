using MambaQuant.Pipeline.Planning;
using MambaQuant.Quant.Kernels.Cpu;

namespace MambaQuant.Pipeline.Local;

/// <summary>What workers on processors are expected to take, each in a process of its own: the largest resident set, mapped pages included.</summary>
/// <remarks>
/// <code>
/// a worker = program + blocks that the backend keeps for the next tensors + cache between items
///          + matrices of the rotation that wait for the garbage collector + the item
/// </code>
/// Measured with layers of mamba-2.8b's shape, 4 × 64 tokens, one worker, peaks in GB (reckoned in brackets): 4 layers, <c>mambaquant</c> W8A8 2.69 (2.6), W4A8
/// 3.33 (3.1), <c>quarot</c> W8A8 1.85 (1.5), <c>rtn</c> W8A8 1.38 (1.5); 64 layers, <c>mambaquant</c> W8A8 2.48 (2.6), <c>quarot</c> W8A8 3.38 (1.5). All that before
/// the programs had their heap compacted (System.GC.ConserveMemory): large arrays of one layer left holes that those of the next did not fill. With it the last case, with
/// a vocabulary of 4,096, takes 1.66.
/// </remarks>
public static class ProcessMemory
{
    /// <summary>Bytes that a worker of the embedded engine keeps between items, at most.</summary>
    /// <remarks>A layer of mamba-2.8b takes 165 MB in fp32: enough for what neighbouring items share, little beside a run of 4 GiB.</remarks>
    public const long LargestCacheBytes = 256L << 20;

    // Measured: the resident set behind 'prepare', with runtime, compiled code and mapped libraries.
    private const long ProgramBytes = 225_000_000;

    // Of a dense rotation in fp64: measured as the difference that a small managed heap makes.
    private const int UncollectedRotations = 8;

    /// <summary>What one worker takes besides its item.</summary>
    /// <param name="plan">The plan.</param>
    public static long BesideItems(WorkPlan plan)
    {
        ArgumentNullException.ThrowIfNull(plan);
        long width = plan.Request.Model.Config.DModel;
        long rotation = plan.Needs.PoolsResidual ? sizeof(double) * width * width : 0;
        long items = plan.Graph.Items.Max(item => item.Cost.MemoryBytes);

        // Of small items nothing is left that would fill the rest.
        return checked(ProgramBytes + Math.Min(CpuKernels.KeptMemoryBytes, items) + Math.Min(LargestCacheBytes, items) + (UncollectedRotations * rotation));
    }

    /// <summary>What workers take together, at most: as if each ran one of the largest items, and all of them at the same moment.</summary>
    /// <param name="plan">The plan.</param>
    /// <param name="workers">Number of workers.</param>
    /// <remarks>An item is run by one worker at a time, so with more workers than items the rest have none.</remarks>
    public static long AtMost(WorkPlan plan, int workers)
    {
        ArgumentNullException.ThrowIfNull(plan);
        ArgumentOutOfRangeException.ThrowIfNegative(workers);
        return checked((workers * BesideItems(plan)) + ItemsAtMost(plan.Graph, workers));
    }

    /// <summary>What the items take that workers can run at the same moment, at most.</summary>
    /// <param name="graph">The work.</param>
    /// <param name="workers">Number of workers.</param>
    public static long ItemsAtMost(WorkGraph graph, int workers)
    {
        ArgumentNullException.ThrowIfNull(graph);
        return graph.Items.Select(item => item.Cost.MemoryBytes).OrderDescending().Take(workers).Sum();
    }
}
