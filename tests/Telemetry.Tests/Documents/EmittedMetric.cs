namespace MambaQuant.Telemetry.Tests.Documents;

/// <summary>A metric as the program emits it.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Unit">Its unit.</param>
/// <param name="Kind">"counter", "updowncounter", "gauge" or "histogram".</param>
/// <param name="Meter">The meter's name.</param>
internal sealed record EmittedMetric(string Name, string Unit, string Kind, string Meter)
{
    /// <summary>Whether anything was measured.</summary>
    public bool IsMeasured { get; set; }

    /// <summary>Attributes that measurements had.</summary>
    public HashSet<string> Attributes { get; } = new(StringComparer.Ordinal);

    /// <summary>Values that each attribute had.</summary>
    public Dictionary<string, HashSet<string>> Values { get; } = new(StringComparer.Ordinal);
}
