namespace MambaQuant.Telemetry.Tests.Receiving;

/// <summary>A metric as a collector gets it.</summary>
/// <param name="Service">Name of the service.</param>
/// <param name="Instance">Name of the instance.</param>
/// <param name="Meter">Name of the meter.</param>
/// <param name="Name">Its name.</param>
/// <param name="Unit">Its unit.</param>
/// <param name="Kind">"counter", "updowncounter", "gauge" or "histogram".</param>
/// <param name="Points">Attributes and value of each point; of a histogram the sum, and the count.</param>
internal sealed record ReceivedMetric(
    string Service, string Instance, string Meter, string Name, string Unit, string Kind, IReadOnlyList<(IReadOnlyDictionary<string, string> Attributes, double Value, long Count)> Points);
