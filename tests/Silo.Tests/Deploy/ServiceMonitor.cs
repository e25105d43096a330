using k8s;
using k8s.Models;

namespace MambaQuant.Silo.Tests.Deploy;

/// <summary>What the Prometheus operator knows as a service monitor, as far as ours goes.</summary>
public sealed class ServiceMonitor : IKubernetesObject<V1ObjectMeta>
{
    /// <inheritdoc/>
    public string ApiVersion { get; set; } = string.Empty;

    /// <inheritdoc/>
    public string Kind { get; set; } = string.Empty;

    /// <inheritdoc/>
    public V1ObjectMeta Metadata { get; set; } = new();

    /// <summary>What it asks for.</summary>
    public ServiceMonitorSpec Spec { get; set; } = new();
}
