namespace MambaQuant.Telemetry.Tests.Receiving;

/// <summary>A log record as a collector gets it.</summary>
/// <param name="Service">Name of the service.</param>
/// <param name="Instance">Name of the instance.</param>
/// <param name="Category">Name of the logger.</param>
/// <param name="Event">Name of the event.</param>
/// <param name="Severity">Its severity.</param>
/// <param name="Body">Its text.</param>
/// <param name="Attributes">Its attributes.</param>
/// <param name="Trace">Identity of the trace; empty for none.</param>
internal sealed record ReceivedLog(
    string Service, string Instance, string Category, string Event, string Severity, string Body, IReadOnlyDictionary<string, string> Attributes, string Trace);
