using System.Reflection;
using System.Text.RegularExpressions;
using MambaQuant.Pipeline.Planning;
using MambaQuant.Pipeline.Scheduling;
using MambaQuant.Pipeline.Telemetry;
using MambaQuant.Telemetry.Logging;
using Microsoft.Extensions.Logging;
using Xunit;

namespace MambaQuant.Telemetry.Tests.Documents;

/// <summary>docs/telemetry.md says what real runs emit, all of it and nothing else.</summary>
[Collection(nameof(Measured))]
public sealed class TelemetryPageTests
{
    [Fact]
    public void Metrics_AreThoseThatRunsEmit_WithTheirAttributes()
    {
        string[] listed = [.. TelemetryPage.Rows("| metric |").Select(row => $"{row[0].Single()} {row[1].Single()} {row[2].Single()} [{string.Join(", ", row[3].Where(name => name.Length > 0).Order(StringComparer.Ordinal))}]")];
        string[] emitted =
        [
            .. Emission.Of().Metrics.Where(metric => metric.Meter == TelemetryNames.Source)
                .Select(metric => $"{metric.Name} {metric.Kind} {metric.Unit} [{string.Join(", ", metric.Attributes.Order(StringComparer.Ordinal))}]"),
        ];

        Assert.Equal(emitted.Order(StringComparer.Ordinal), listed.Order(StringComparer.Ordinal));
    }

    [Fact]
    public void RuntimeMetrics_AreThoseThatAreSent()
    {
        string[] listed = [.. TelemetryPage.Words("Of .NET itself").Where(name => name.StartsWith("dotnet.", StringComparison.Ordinal))];

        Assert.Equal(TelemetrySession.RuntimeInstruments.Order(StringComparer.Ordinal), listed.Order(StringComparer.Ordinal));
        Assert.Equal(TelemetrySession.RuntimeInstruments.Length, Emission.Of().Metrics.Count(metric => metric.Meter == "System.Runtime"));
    }

    [Fact]
    public void Values_OfAttributesAreListed()
    {
        Dictionary<string, string[]> listed = TelemetryPage.Rows("| attribute |").ToDictionary(row => row[0][0], row => row[1], StringComparer.Ordinal);

        Assert.Equal(Enum.GetNames<WorkKind>().Select(TelemetryNames.Lower), listed[TelemetryNames.Stage]);
        Assert.Equal(Enum.GetNames<ItemStatus>().Select(TelemetryNames.Lower), listed[TelemetryNames.ItemState]);
        Assert.Equal(Enum.GetNames<ReturnReason>().Select(TelemetryNames.Lower), listed[TelemetryNames.ReturnReason]);
        string[] free = [TelemetryNames.WeightBits, TelemetryNames.ErrorType, TelemetryNames.HardwareId, TelemetryNames.HardwareName];
        foreach ((string attribute, HashSet<string> values) in Emission.Of().Metrics.Where(metric => metric.Meter == TelemetryNames.Source).SelectMany(metric => metric.Values))
        {
            Assert.True(free.Contains(attribute) || values.IsSubsetOf(listed[attribute]), $"{attribute}: {string.Join(", ", values)}");
            Assert.InRange(values.Count, 1, 20);
        }
    }

    [Fact]
    public void Spans_AreThoseThatRunsEmit_WithTheirAttributes()
    {
        Dictionary<string, string[]> listed = TelemetryPage.Rows("| span |").ToDictionary(row => row[0].Single(), row => row[2].Where(name => name.Length > 0).Order(StringComparer.Ordinal).ToArray(), StringComparer.Ordinal);
        var emitted = Emission.Of().Spans.GroupBy(span => Pattern(span.Name)).ToDictionary(
            group => group.Key, group => group.SelectMany(span => span.Attributes).Distinct().Order(StringComparer.Ordinal).ToArray(), StringComparer.Ordinal);

        Assert.Equal(emitted.Keys.Order(StringComparer.Ordinal), listed.Keys.Order(StringComparer.Ordinal));
        Assert.All(emitted, span => Assert.Equal(span.Value, listed[span.Key]));
        Assert.Subset(listed.Keys.ToHashSet(), KernelGroups.All.ToHashSet());
    }

    [Fact]
    public void Logs_AreThoseOfTheProgram()
    {
        string[] listed = [.. TelemetryPage.Rows("| event |").Select(row => $"{row[0].Single()} {row[1].Single()} {string.Join(", ", row[2])}")];
        string[] written =
        [
            .. typeof(JobLog).GetMethods(BindingFlags.Instance | BindingFlags.NonPublic)
                .Select(method => method.GetCustomAttribute<LoggerMessageAttribute>()).OfType<LoggerMessageAttribute>()
                .Select(message => $"{message.EventName} {message.Level} {string.Join(", ", Regex.Matches(message.Message, @"\{(\w+)\}").Select(match => match.Groups[1].Value))}"),
        ];

        Assert.Equal(written, listed);
        Assert.Equal(Enum.GetValues<JobEventKind>().Length, written.Length);
    }

    [Fact]
    public void Names_AllStandOnThePage()
    {
        HashSet<string> listed = [.. TelemetryPage.Rows("| metric |").Concat(TelemetryPage.Rows("| attribute |")).Concat(TelemetryPage.Rows("| span |")).SelectMany(row => row).SelectMany(cell => cell).SelectMany(cell => cell.Split(' '))];
        string[] names = [.. typeof(TelemetryNames).GetFields(BindingFlags.Public | BindingFlags.Static).Select(field => (string)field.GetRawConstantValue()!).Where(name => name != TelemetryNames.Source)];

        Assert.Empty(names.Except(listed));
    }

    private static string Pattern(string name) => name.Split(' ') switch
    {
        [TelemetryNames.CommandSpan, _] => "command VERB",
        [TelemetryNames.StoreSpan, _] => "store OPERATION",
        [TelemetryNames.StageSpan or TelemetryNames.ItemSpan, _] => $"{name.Split(' ')[0]} STAGE",
        _ => name,
    };
}
