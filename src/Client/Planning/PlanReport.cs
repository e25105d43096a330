using System.Collections.Immutable;
using MambaQuant.Client.Output;
using MambaQuant.Pipeline.Local;
using MambaQuant.Pipeline.Planning;
using MambaQuant.Pipeline.Simulation;

namespace MambaQuant.Client.Planning;

/// <summary>What <c>plan</c> prints.</summary>
internal sealed record PlanReport
{
    /// <summary>What is planned.</summary>
    public required JobSummary Job { get; init; }

    /// <summary>What times are reckoned with.</summary>
    public required CostReport Cost { get; init; }

    /// <summary>The items by kind.</summary>
    public required ImmutableArray<KindReport> Kinds { get; init; }

    /// <summary>Number of items.</summary>
    public required int Items { get; init; }

    /// <summary>Operations of all items.</summary>
    public required double Operations { get; init; }

    /// <summary>Bytes that items read through the store.</summary>
    public required long ReadBytes { get; init; }

    /// <summary>Bytes that items write through the store.</summary>
    public required long WrittenBytes { get; init; }

    /// <summary>Bytes of weights that items read.</summary>
    public required long ModelBytes { get; init; }

    /// <summary>Memory that the largest item needs.</summary>
    public required long MemoryBytes { get; init; }

    /// <summary>Seconds of the longest chain of items.</summary>
    public required double CriticalSeconds { get; init; }

    /// <summary>The longest chain of items.</summary>
    public required ImmutableArray<PathStep> CriticalPath { get; init; }

    /// <summary>Expected time and memory by the number of workers; empty where the largest item does not fit one.</summary>
    public required ImmutableArray<WorkerForecast> Workers { get; init; }

    /// <summary>Every item, each after its needs.</summary>
    public required ImmutableArray<PlannedItem> Graph { get; init; }

    /// <summary>Reports a plan.</summary>
    /// <param name="job">The plan.</param>
    /// <param name="cost">What times are reckoned with.</param>
    public static PlanReport Of(PlannedJob job, CostModel cost)
    {
        ArgumentNullException.ThrowIfNull(job);
        ArgumentNullException.ThrowIfNull(cost);
        WorkGraph graph = job.Plan.Graph;
        SimulationOptions options = new() { Cluster = cost.Cluster(1, 1), AttemptSpread = 0, WorkerSpread = 0 };
        ImmutableArray<PathStep> path = PathStep.Of(graph, options);
        return new PlanReport
        {
            Job = JobSummary.Of(job),
            Cost = CostReport.Of(cost, options.Cluster, cost.Published is null ? "this disk, its slower rate" : "assumed"),
            Kinds = KindReport.Of(graph, options),
            Items = graph.Items.Length,
            Operations = graph.Items.Sum(item => item.Cost.Operations),
            ReadBytes = graph.Items.Sum(item => item.Cost.InputBytes),
            WrittenBytes = graph.Items.Sum(item => item.Cost.OutputBytes),
            ModelBytes = graph.Items.Sum(item => item.Cost.ModelBytes),
            MemoryBytes = graph.Items.Max(item => item.Cost.MemoryBytes),
            CriticalSeconds = path.Sum(step => step.Seconds),
            CriticalPath = path,
            Workers = WorkerForecast.Of(graph, options, count => cost.Published is null ? ProcessMemory.AtMost(job.Plan, count) : ProcessMemory.ItemsAtMost(graph, count)),
            Graph = [.. graph.Items.Select(item => new PlannedItem(item.Label, item.Needs, item.Cost))],
        };
    }

    /// <summary>Prints it for people; single items only stand in the JSON.</summary>
    /// <param name="output">Where to.</param>
    public void Write(TextWriter output)
    {
        Job.Write(output);
        Cost.Write(output);
        output.WriteLine();
        WriteKinds(output);
        output.WriteLine();
        output.WriteLine($"critical path  {RateText.Time(CriticalSeconds)}: {PathStep.Text(CriticalPath)}");
        output.WriteLine();
        if (Workers.IsEmpty)
        {
            output.WriteLine($"no worker can run it: an item needs {ByteText.Readable(MemoryBytes)}, a worker has {ByteText.Readable(Cost.Worker.MemoryBytes)}; cut it into more --shards, or take another --device");
            return;
        }

        TextTable table = new("workers", "time", "computing", "memory of all, at most");
        foreach (WorkerForecast forecast in Workers)
        {
            table.Add($"{forecast.Workers}", RateText.Time(forecast.Seconds), $"{forecast.Utilisation:0%}", ByteText.Readable(forecast.MemoryBytes));
        }

        table.Write(output);
    }

    private void WriteKinds(TextWriter output)
    {
        TextTable table = new("items ← what they need", "count", "work", "read", "written", "weights", "memory", "one worker");
        foreach (KindReport kind in Kinds)
        {
            table.Add(
                kind.Needs.Count == 0 ? $"{kind.Kind}" : $"{kind.Kind} ← {string.Join(", ", kind.Needs)}",
                $"{kind.Count:N0}",
                RateText.Work(kind.Operations),
                ByteText.Readable(kind.ReadBytes),
                ByteText.Readable(kind.WrittenBytes),
                ByteText.Readable(kind.ModelBytes),
                ByteText.Readable(kind.MemoryBytes),
                RateText.Time(kind.Seconds));
        }

        table.Add(
            "all",
            $"{Items:N0}",
            RateText.Work(Operations),
            ByteText.Readable(ReadBytes),
            ByteText.Readable(WrittenBytes),
            ByteText.Readable(ModelBytes),
            ByteText.Readable(MemoryBytes),
            RateText.Time(Kinds.Sum(kind => kind.Seconds)));
        table.Write(output);
    }
}
