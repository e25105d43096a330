using MambaQuant.Grains.Contracts;
using MambaQuant.Pipeline.Planning;
using MambaQuant.Pipeline.Telemetry;
using MambaQuant.Telemetry.Tests.Dashboards;
using MambaQuant.Telemetry.Tests.Receiving;
using Xunit;

namespace MambaQuant.Silo.Tests.Running;

/// <summary>What real silos send to a collector.</summary>
[Collection(nameof(RealProcesses))]
public sealed class SiloTelemetryTests(RealJob job)
{
    [RedisFact]
    public async Task Silos_SendTheirShareOfOneTrace()
    {
        await using OtlpReceiver receiver = await OtlpReceiver.StartAsync();
        WorkPlan plan;
        await using (RealCluster cluster = await RealCluster.StartAsync(
            2, variables: [$"OTEL_EXPORTER_OTLP_ENDPOINT={receiver.GrpcAddress}", "OTEL_METRIC_EXPORT_INTERVAL=300", "OTEL_RESOURCE_ATTRIBUTES=deployment.environment.name=test"]))
        {
            plan = await job.PutAsync(cluster.Store);
            await cluster.SubmitAsync(plan);
            Assert.Equal(job.Expected(), (await cluster.FinishAsync(plan)).Hash);
            cluster.Silos.ToList().ForEach(silo => silo.Process.Signal("TERM"));
            Assert.All(cluster.Silos, silo => Assert.Equal(SiloExitCodes.Success, silo.Process.WaitForEnd(TimeSpan.FromSeconds(60))));
            Assert.All(cluster.Silos, silo => Assert.DoesNotContain("telemetry", silo.Printed, StringComparison.Ordinal));
        }

        ReceivedSpan root = Assert.Single(receiver.Spans, span => span.Name == TelemetryNames.JobSpan);
        Assert.Equal(plan.Id, root.Attributes[TelemetryNames.Job]);
        ReceivedSpan[] trace = [.. receiver.Spans.Where(span => span.Trace == root.Trace)];
        Assert.Equal(["silo-0", "silo-1"], trace.Select(span => span.Instance).Distinct().Order(StringComparer.Ordinal));
        HashSet<string> known = [.. trace.Select(span => span.Span)];
        Assert.All(trace.Where(span => span != root), span => Assert.Contains(span.Parent, known));
        Assert.Contains(trace, span => span.Name.StartsWith("item ", StringComparison.Ordinal) && span.Instance != root.Instance);
        Assert.Equal(receiver.Spans.Count, trace.Length);

        Assert.Equal(root.Trace, Assert.Single(receiver.Logs, log => log.Event == "ptq.job.finished").Trace);
        Assert.Contains(receiver.Logs, log => log.Category.StartsWith("MambaQuant.Grains.", StringComparison.Ordinal) && log.Trace == root.Trace);

        var orleans = receiver.Metrics.Where(metric => metric.Meter == "Microsoft.Orleans")
            .SelectMany(metric => PrometheusNames.Of(metric.Name, metric.Unit, metric.Kind).Select(name => (Name: name, Labels: metric.Points.SelectMany(point => point.Attributes.Keys).Select(PrometheusNames.Clean))))
            .GroupBy(metric => metric.Name).ToDictionary(group => group.Key, group => group.SelectMany(metric => metric.Labels).ToHashSet(StringComparer.Ordinal), StringComparer.Ordinal);
        string problems = string.Join('\n', GrafanaDashboard.All.SelectMany(dashboard => dashboard.Problems(orleans, metric => metric.StartsWith("orleans_", StringComparison.Ordinal))));
        Assert.True(problems.Length == 0, problems);
        Assert.Equal(["silo-0", "silo-1"], receiver.Metrics.Where(metric => metric.Name == TelemetryNames.WorkerTime).Select(metric => metric.Instance).Distinct().Order(StringComparer.Ordinal));
    }

    [RedisFact]
    public async Task JobThatIsTakenOver_IsLinkedToTheTraceOfItsFirstOwner()
    {
        await using OtlpReceiver receiver = await OtlpReceiver.StartAsync();
        string first, next;
        await using (RealCluster cluster = await RealCluster.StartAsync(2, variables: [$"OTEL_EXPORTER_OTLP_ENDPOINT={receiver.GrpcAddress}"]))
        {
            WorkPlan plan = await job.PutAsync(cluster.Store, seed: 77, size: 64);
            await cluster.SubmitAsync(plan);
            JobView view = await cluster.WatchAsync(plan, view => cluster.OwnerOf(view) is not null && view.Made > 0);
            Assert.False(view.HasEnded, "the job was over before its owner could be stopped");
            SiloProcess owner = cluster.OwnerOf(view)!;
            first = owner.Name;
            owner.Process.Signal("TERM");
            Assert.Equal(SiloExitCodes.Success, owner.Process.WaitForEnd(TimeSpan.FromSeconds(90)));

            await cluster.FinishAsync(plan);
            SiloProcess other = cluster.Silos.Single(silo => silo != owner);
            next = other.Name;
            other.Process.Signal("TERM");
            Assert.Equal(SiloExitCodes.Success, other.Process.WaitForEnd(TimeSpan.FromSeconds(90)));
        }

        ReceivedSpan begun = Assert.Single(receiver.Spans, span => span.Name == TelemetryNames.JobSpan && span.Instance == first);
        ReceivedSpan taken = Assert.Single(receiver.Spans, span => span.Name == TelemetryNames.JobSpan && span.Instance == next);
        Assert.Empty(begun.Links);
        Assert.Equal((begun.Trace, begun.Span), Assert.Single(taken.Links));
        Assert.NotEqual(begun.Trace, taken.Trace);
    }
}
