using Microsoft.Extensions.Diagnostics.HealthChecks;
using Orleans.Runtime;

namespace MambaQuant.Silo.Health;

/// <summary>Whether the silo has become an active member of its cluster and has not left it.</summary>
internal sealed class MemberCheck(IClusterMembershipService membership, ILocalSiloDetails silo) : IHealthCheck
{
    /// <inheritdoc/>
    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        SiloStatus status = membership.CurrentSnapshot.GetSiloStatus(silo.SiloAddress);
        return Task.FromResult(status == SiloStatus.Active ? HealthCheckResult.Healthy() : HealthCheckResult.Unhealthy($"the silo is {status}"));
    }
}
