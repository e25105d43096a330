namespace MambaQuant.Silo.Tests.Deploy;

/// <summary>One port of a service.</summary>
public sealed class ScrapedEndpoint
{
    /// <summary>Its name.</summary>
    public string Port { get; set; } = string.Empty;

    /// <summary>How often.</summary>
    public string Interval { get; set; } = string.Empty;

    /// <summary>Whether labels of what is scraped win.</summary>
    public bool HonorLabels { get; set; }
}
