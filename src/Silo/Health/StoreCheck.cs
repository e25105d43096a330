using MambaQuant.Pipeline.Artifacts;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace MambaQuant.Silo.Health;

/// <summary>Whether the store answers.</summary>
internal sealed class StoreCheck(IArtifactStore store) : IHealthCheck
{
    // Asked for, never put: that there is nothing is an answer.
    private const string Probe = "health/probe";

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    /// <inheritdoc/>
    public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        try
        {
            await store.HeadAsync(Probe, cancellationToken).WaitAsync(Patience, cancellationToken);
            return HealthCheckResult.Healthy();
        }
        catch (Exception fault) when (fault is ArtifactStoreException or TimeoutException)
        {
            return HealthCheckResult.Unhealthy($"the store '{store.Description}' does not answer: {fault.Message}");
        }
    }
}
