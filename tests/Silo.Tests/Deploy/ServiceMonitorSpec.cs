using k8s.Models;

namespace MambaQuant.Silo.Tests.Deploy;

/// <summary>Which services are scraped, and how.</summary>
public sealed class ServiceMonitorSpec
{
    /// <summary>Which services.</summary>
    public V1LabelSelector Selector { get; set; } = new();

    /// <summary>How each is scraped.</summary>
    public IList<ScrapedEndpoint> Endpoints { get; set; } = [];
}
