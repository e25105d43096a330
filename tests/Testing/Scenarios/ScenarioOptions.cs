using System.Globalization;
using MambaQuant.Pipeline.Scheduling;

namespace MambaQuant.Testing.Scenarios;

/// <summary>Reads the line of options of a scenario: NAME VALUE, in pairs.</summary>
internal static class ScenarioOptions
{
    public static SchedulerOptions Read(ScenarioWords words, SchedulerOptions options)
    {
        while (!words.AtEnd)
        {
            string name = words.Next("the name of an option");
            options = name switch
            {
                "lease" => options with { Lease = Span(words) },
                "heartbeat" => options with { Heartbeat = Span(words) },
                "retries" => options with { RetryLimit = words.Number("retries") },
                "poison" => options with { PoisonThreshold = words.Number("a threshold") },
                "losses" => options with { LossLimit = words.Number("a limit") },
                "back-off" => options with { BackOffBase = Span(words) },
                "back-off-cap" => options with { BackOffCap = Span(words) },
                "straggler-factor" => options with { StragglerFactor = double.Parse(words.Next("a factor"), CultureInfo.InvariantCulture) },
                "straggler-floor" => options with { StragglerFloor = Span(words) },
                "returned-first" => options with { ReturnedFirst = bool.Parse(words.Next("true or false")) },
                _ => throw words.Error($"there is no option '{name}'"),
            };
        }

        return options;
    }

    private static TimeSpan Span(ScenarioWords words) => TimeSpan.FromMilliseconds(words.Time("a duration"));
}
