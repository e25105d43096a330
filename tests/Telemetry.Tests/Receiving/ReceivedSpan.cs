namespace MambaQuant.Telemetry.Tests.Receiving;

/// <summary>A span as a collector gets it.</summary>
/// <param name="Service">Name of the service.</param>
/// <param name="Instance">Name of the instance.</param>
/// <param name="Trace">Identity of the trace.</param>
/// <param name="Span">Its own identity.</param>
/// <param name="Parent">That of its parent; empty for none.</param>
/// <param name="Name">Its name.</param>
/// <param name="Attributes">Its attributes.</param>
/// <param name="IsError">Whether its status is an error.</param>
/// <param name="Message">What the status says.</param>
internal sealed record ReceivedSpan(
    string Service, string Instance, string Trace, string Span, string Parent, string Name, IReadOnlyDictionary<string, string> Attributes, bool IsError, string Message)
{
    /// <summary>Traces and spans that it is linked to.</summary>
    public required IReadOnlyList<(string Trace, string Span)> Links { get; init; }
}
