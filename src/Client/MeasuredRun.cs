using System.Diagnostics;
using System.Globalization;
using MambaQuant.Pipeline.Telemetry;
using MambaQuant.Telemetry;

namespace MambaQuant.Client;

/// <summary>Runs a verb, and sends telemetry of it where the environment names a collector.</summary>
internal static class MeasuredRun
{
    private const string Service = "mambaquant";

    /// <summary>Runs.</summary>
    /// <param name="verb">The verb's name.</param>
    /// <param name="run">Runs it.</param>
    /// <param name="context">Environment, and where people read.</param>
    /// <returns>What the verb returned.</returns>
    public static int Of(string verb, Func<int> run, CommandContext context)
    {
        using TelemetrySession? session = TelemetrySession.Start(new TelemetryOptions
        {
            Service = Service,
            Instance = string.Create(CultureInfo.InvariantCulture, $"{Environment.MachineName}-{Environment.ProcessId}"),
            Environment = context.Environment,
            Tell = line => context.Error.WriteLine($"warning: {line}"),

            // What is drawn over and over leaves no room for lines in between.
            TellsAtOnce = !context.ErrorIsTerminal,
        });
        using Activity? span = Tracing.Command(verb);
        bool hasEnded = false;
        try
        {
            int code = run();
            hasEnded = true;
            return code;
        }
        finally
        {
            span?.SetStatus(hasEnded ? ActivityStatusCode.Unset : ActivityStatusCode.Error);
        }
    }
}
