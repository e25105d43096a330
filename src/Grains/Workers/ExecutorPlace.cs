using MambaQuant.Pipeline.Artifacts;
using MambaQuant.Pipeline.Planning;
using MambaQuant.Quant.Kernels;

namespace MambaQuant.Grains.Workers;

/// <summary>A job, and what a slot has for it.</summary>
/// <param name="Plan">The job.</param>
/// <param name="Store">The store.</param>
/// <param name="Kernels">The slot's backend.</param>
/// <param name="ScratchPath">A folder of the slot alone.</param>
/// <param name="CacheBytes">Bytes that the slot keeps between items.</param>
public sealed record ExecutorPlace(WorkPlan Plan, IArtifactStore Store, IKernels Kernels, string ScratchPath, long CacheBytes);
