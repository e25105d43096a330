using System.Diagnostics;
using System.Diagnostics.Metrics;
using MambaQuant.Pipeline.Artifacts;
using MambaQuant.Pipeline.Driving;
using MambaQuant.Pipeline.Scheduling.Inputs;
using MambaQuant.Pipeline.Scheduling.Outputs;
using MambaQuant.Pipeline.Telemetry;
using MambaQuant.Testing;
using Xunit;

namespace MambaQuant.Telemetry.Tests;

[Collection(nameof(Measured))]
public sealed class JobMeterTests : IDisposable
{
    private readonly ActivityListener _activities = new()
    {
        ShouldListenTo = source => source.Name == TelemetryNames.Source,
        Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllDataAndRecorded,
    };

    private readonly MemoryArtifactStore _store = new();

    public void Dispose() => _activities.Dispose();

    [Fact]
    public async Task JobThatIsTakenOver_IsLinkedToTheTraceOfItsFirstOwner()
    {
        ActivitySource.AddActivityListener(_activities);
        SchedulerDriver first = await MadeUpDrive.BeginAsync(_store, "first"), second = await MadeUpDrive.OpenAsync(_store, "second"), third = await MadeUpDrive.OpenAsync(_store, "third");

        Assert.Empty(first.Meter.Span!.Links);
        Assert.All([second, third], later => Assert.Equal(
            (first.Meter.Span!.TraceId, first.Meter.Span.SpanId), Assert.Single(later.Meter.Span!.Links) is var link ? (link.Context.TraceId, link.Context.SpanId) : default));
        Assert.NotEqual(first.Meter.Span!.TraceId, second.Meter.Span!.TraceId);
        Array.ForEach([first, second, third], driver => driver.Close());
    }

    [Fact]
    public async Task JobThatNobodyTraces_LeavesNoTraceInItsStore()
    {
        SchedulerDriver driver = await MadeUpDrive.BeginAsync(_store, "first");
        driver.Close();

        List<string> names = [];
        await foreach (ArtifactInfo found in _store.ListAsync("jobs/", CancellationToken.None))
        {
            names.Add(found.Name);
        }

        Assert.NotEmpty(names);
        Assert.DoesNotContain(names, name => name.EndsWith("/trace", StringComparison.Ordinal));
    }

    [Fact]
    public async Task ItemOfAWorkerThatIsSentAway_IsNoRetry_OneOfAWorkerThatIsLostIs()
    {
        List<string> retries = [];
        using var listener = new MeterListener
        {
            InstrumentPublished = (instrument, listening) =>
            {
                if (instrument.Name == TelemetryNames.ItemRetries)
                {
                    listening.EnableMeasurementEvents(instrument);
                }
            },
        };
        listener.SetMeasurementEventCallback<long>((_, _, tags, _) => retries.Add($"{tags[1].Value}"));
        listener.Start();
        SchedulerDriver driver = await MadeUpDrive.BeginAsync(_store, "first");

        await LoseAsync(isDrained: true);
        Assert.Empty(retries);

        await LoseAsync(isDrained: false);
        Assert.Equal(["worker_lost"], retries);
        driver.Close();

        async Task LoseAsync(bool isDrained)
        {
            Assert.Contains(await MadeUpDrive.AssignAsync(driver), output => output is Assign);
            driver.PostLost([MadeUpDrive.Worker], "a test", isDrained);
            Assert.Contains(await driver.NextAsync(CancellationToken.None), output => output is Returned);
        }
    }
}
