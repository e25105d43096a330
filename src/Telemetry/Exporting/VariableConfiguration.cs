using System.Diagnostics.CodeAnalysis;
using Microsoft.Extensions.Configuration;

namespace MambaQuant.Telemetry.Exporting;

/// <summary>Environment variables as the OpenTelemetry packages read them.</summary>
/// <param name="environment">Values of environment variables.</param>
internal sealed class VariableConfiguration(Func<string, string?> environment) : ConfigurationProvider, IConfigurationSource
{
    private const string Prefix = "OTEL_";

    /// <inheritdoc/>
    public IConfigurationProvider Build(IConfigurationBuilder builder) => this;

    /// <inheritdoc/>
    public override bool TryGet(string key, [NotNullWhen(true)] out string? value)
    {
        value = key.StartsWith(Prefix, StringComparison.Ordinal) && environment(key) is { Length: > 0 } found ? found : null;
        return value is not null;
    }
}
