using MambaQuant.Client.Quantizing;

namespace MambaQuant.Client.Cluster;

/// <summary>What <c>submit --format json</c> prints.</summary>
/// <param name="Store">The cluster's store for people.</param>
/// <param name="Profile">The numerics profile that the jobs are planned for.</param>
/// <param name="Jobs">The jobs, in the order of the presets.</param>
/// <param name="Result">With --wait, what <c>quantize</c> prints; else null.</param>
internal sealed record SubmitReport(string Store, string Profile, IReadOnlyList<SubmittedReport> Jobs, QuantizeReport? Result);
