using Microsoft.Extensions.Diagnostics.HealthChecks;
using Orleans.Runtime;

namespace MambaQuant.Silo.Health;

/// <summary>Whether the process is of any use still: dead to the others, it has to be started again.</summary>
internal sealed class AliveCheck(IClusterMembershipService membership, ILocalSiloDetails silo) : IHealthCheck
{
    /// <inheritdoc/>
    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default) =>
        Task.FromResult(membership.CurrentSnapshot.GetSiloStatus(silo.SiloAddress) == SiloStatus.Dead
            ? HealthCheckResult.Unhealthy("the cluster has declared the silo dead")
            : HealthCheckResult.Healthy());
}
