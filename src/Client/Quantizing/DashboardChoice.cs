using System.Globalization;
using System.Net;
using MambaQuant.Client.Failures;
using MambaQuant.Dashboard.Hosting;

namespace MambaQuant.Client.Quantizing;

/// <summary>What <c>--dashboard</c> and <c>--dashboard-token</c> ask for.</summary>
internal static class DashboardChoice
{
    private const string VariablePrefix = "env:";

    /// <summary>Reads both.</summary>
    /// <param name="isAsked">Whether <c>--dashboard</c> was given.</param>
    /// <param name="place">What stands behind it; null for nothing.</param>
    /// <param name="token">What stands behind <c>--dashboard-token</c>; null where it was not given.</param>
    /// <param name="environment">Values of environment variables.</param>
    /// <returns>Null where no page is wanted.</returns>
    /// <exception cref="UsageException">It cannot be meant; the message shows no token.</exception>
    public static DashboardOptions? Resolve(bool isAsked, string? place, string? token, Func<string, string?> environment)
    {
        if (!isAsked)
        {
            return token is null ? null : throw new UsageException("--dashboard-token is of no use without --dashboard");
        }

        var options = new DashboardOptions { Token = TokenOf(token, environment) };
        if (place is not null)
        {
            int colon = place.LastIndexOf(':');
            options = options with { Address = colon < 0 ? IPAddress.Loopback : AddressOf(place[..colon]), Port = PortOf(place[(colon + 1)..], place) };
        }

        return options.Problem() is { } problem ? throw new UsageException($"--dashboard: {problem}") : options;
    }

    private static IPAddress AddressOf(string text)
    {
        string address = text.Trim('[', ']');
        return address.Equals("localhost", StringComparison.OrdinalIgnoreCase) ? IPAddress.Loopback
            : IPAddress.TryParse(address, out IPAddress? found) ? found
            : throw new UsageException($"--dashboard: expected an IP address before the port, such as 127.0.0.1 or [::1], found '{text}'");
    }

    private static int PortOf(string text, string place) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int port)
            ? port
            : throw new UsageException($"--dashboard: expected PORT or ADDRESS:PORT, found '{place}'");

    private static string? TokenOf(string? token, Func<string, string?> environment)
    {
        if (token?.StartsWith(VariablePrefix, StringComparison.Ordinal) != true)
        {
            return token;
        }

        string variable = token[VariablePrefix.Length..];
        return environment(variable) is { Length: > 0 } value ? value : throw new UsageException($"--dashboard-token: the environment variable '{variable}' is not set");
    }
}
