using OpenTelemetry.Exporter;

namespace MambaQuant.Telemetry.Exporting;

/// <summary>Where one signal goes.</summary>
/// <param name="Endpoint">The address, with the path of the signal where the protocol wants one.</param>
/// <param name="Protocol">How it is sent.</param>
/// <param name="Headers">Headers of this signal alone; null for those of all signals.</param>
/// <param name="TimeoutMilliseconds">Patience of this signal alone; null for that of all signals.</param>
internal sealed record OtlpTarget(Uri Endpoint, OtlpExportProtocol Protocol, string? Headers, int? TimeoutMilliseconds)
{
    /// <summary>The address for people, without what could be a secret.</summary>
    public string Description => Endpoint.GetComponents(UriComponents.SchemeAndServer, UriFormat.UriEscaped);
}
