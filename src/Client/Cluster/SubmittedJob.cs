using MambaQuant.Pipeline.Planning;

namespace MambaQuant.Client.Cluster;

/// <summary>A job that a cluster has taken.</summary>
/// <param name="Plan">Its plan.</param>
/// <param name="OutputPath">Where its checkpoint is to be downloaded; null for nowhere.</param>
internal sealed record SubmittedJob(WorkPlan Plan, string? OutputPath);
