using MambaQuant.Pipeline.Planning;

namespace MambaQuant.Pipeline.Local;

/// <summary>Chooses how many workers run in a process. The result does not depend on it.</summary>
public static class WorkerCount
{
    /// <summary>What the items that run side by side may take together by default: kernels on large tensors use all threads anyhow.</summary>
    private const long SideBySideBytes = 1L << 30;

    /// <summary>Chooses: as many as there are threads, items that can run side by side, and memory for the largest item twice over.</summary>
    /// <param name="plans">The jobs.</param>
    /// <param name="threads">Threads of the process.</param>
    /// <param name="memoryBytes">Memory of the process.</param>
    /// <returns>At least 1.</returns>
    public static int Choose(IReadOnlyCollection<WorkPlan> plans, int threads, long memoryBytes)
    {
        ArgumentNullException.ThrowIfNull(plans);
        long largest = plans.Max(plan => plan.Graph.Items.Where(item => RunsBesideItsLike(plan, item)).Max(item => item.Cost.MemoryBytes));
        int width = plans.Max(plan => Math.Max(plan.Grid.Shards * plan.Grid.Blocks, plan.Grid.Layers));
        long fitting = Math.Min(SideBySideBytes, memoryBytes / 2) / Math.Max(1, largest);
        return (int)Math.Clamp(Math.Min(Math.Min(threads, width), fitting), 1, int.MaxValue);
    }

    /// <summary>An evaluation in one piece stands behind everything else: it has the memory to itself.</summary>
    private static bool RunsBesideItsLike(WorkPlan plan, WorkItem item) =>
        item.Kind is not (WorkKind.EvaluateFloat or WorkKind.Evaluate) || plan.Evaluation!.Shards > 1;
}
