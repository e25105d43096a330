using System.Collections.Immutable;
using MambaQuant.Client.Planning;
using MambaQuant.Pipeline.Planning;
using MambaQuant.Pipeline.Scheduling;
using MambaQuant.Pipeline.Simulation;

namespace MambaQuant.Client.Simulating;

/// <summary>What <c>simulate</c> prints. Times are of the simulated cluster.</summary>
internal sealed record SimulationReport
{
    /// <summary>What is simulated.</summary>
    public required JobSummary Job { get; init; }

    /// <summary>What times are reckoned with.</summary>
    public required CostReport Cost { get; init; }

    /// <summary>The run whose times were taken; null where all times come from the cost model.</summary>
    public RecordedReport? Recorded { get; init; }

    /// <summary>Nodes of the cluster.</summary>
    public required int Nodes { get; init; }

    /// <summary>Workers of a node.</summary>
    public required int WorkersPerNode { get; init; }

    /// <summary>Seed of what was drawn.</summary>
    public required ulong Seed { get; init; }

    /// <summary>How the job ended.</summary>
    public required JobStatus Status { get; init; }

    /// <summary>Why it did not finish; empty where it did.</summary>
    public required string Cause { get; init; }

    /// <summary>From the submission to the end.</summary>
    public required double MakespanSeconds { get; init; }

    /// <summary>The same without losses of nodes.</summary>
    public required double UndisturbedSeconds { get; init; }

    /// <summary>The longest chain of items.</summary>
    public required double CriticalSeconds { get; init; }

    /// <summary>The longest chain of items.</summary>
    public required ImmutableArray<PathStep> CriticalPath { get; init; }

    /// <summary>Share of the workers' time that was computing whose result counted.</summary>
    public required double Utilisation { get; init; }

    /// <summary>Share of the workers' time that was transfers and overheads.</summary>
    public required double TransferShare { get; init; }

    /// <summary>Share of the workers' time that was lost with a node, or spent on the slower of twins.</summary>
    public required double WastedShare { get; init; }

    /// <summary>Bytes read through the store, weights included.</summary>
    public required double ReadBytes { get; init; }

    /// <summary>Bytes written through the store.</summary>
    public required double WrittenBytes { get; init; }

    /// <summary>Items that were made.</summary>
    public required int Items { get; init; }

    /// <summary>Attempts that were given out.</summary>
    public required int Attempts { get; init; }

    /// <summary>Attempts given out a second time because the first was slow.</summary>
    public required int Twins { get; init; }

    /// <summary>Nodes that were lost.</summary>
    public required int LostNodes { get; init; }

    /// <summary>How much longer the losses made the job, as a share of the undisturbed one; null where it does not end.</summary>
    public required double? CostOfLosses { get; init; }

    /// <summary>Simulates a job.</summary>
    /// <param name="job">The plan.</param>
    /// <param name="cost">What times are reckoned with.</param>
    /// <param name="options">The cluster, and what goes wrong.</param>
    public static SimulationReport Run(PlannedJob job, CostModel cost, SimulationOptions options)
    {
        ArgumentNullException.ThrowIfNull(job);
        ArgumentNullException.ThrowIfNull(cost);
        ArgumentNullException.ThrowIfNull(options);
        WorkGraph graph = job.Plan.Graph;
        SimulationResult result = ClusterSimulator.Run(graph, options);
        return new SimulationReport
        {
            Job = JobSummary.Of(job),
            Cost = CostReport.Of(cost, options.Cluster, "as given"),
            Nodes = options.Cluster.Nodes,
            WorkersPerNode = options.Cluster.WorkersPerNode,
            Seed = options.Seed,
            Status = result.Status,
            Cause = result.Status == JobStatus.Running ? WhyItStands(graph, options.Cluster) : result.Cause,
            MakespanSeconds = result.Makespan.TotalSeconds,
            UndisturbedSeconds = result.UndisturbedMakespan.TotalSeconds,
            CriticalSeconds = result.CriticalPath.TotalSeconds,
            CriticalPath = PathStep.Of(graph, options),
            Utilisation = result.Utilisation,
            TransferShare = Share(result.TransferSeconds, result),
            WastedShare = Share(result.WastedSeconds, result),
            ReadBytes = result.BytesRead,
            WrittenBytes = result.BytesWritten,
            Items = result.Items,
            Attempts = result.Attempts,
            Twins = result.Twins,
            LostNodes = result.LostNodes,
            CostOfLosses = result.CostOfLosses,
        };
    }

    /// <summary>Prints it for people.</summary>
    /// <param name="output">Where to.</param>
    public void Write(TextWriter output)
    {
        Job.Write(output);
        Cost.Write(output);
        output.WriteLine($"cluster    {Nodes:N0} nodes × {WorkersPerNode} {Cost.Worker.Name} = {Nodes * WorkersPerNode:N0} workers, seed {Seed}");
        if (Recorded is { } run)
        {
            output.WriteLine($"recorded   job {run.Job}, {run.State}: {run.Attempts:N0} attempts by {run.Workers:N0} workers in {RateText.Time(run.Seconds)}; {run.ItemsWithTimes:N0} items take the times they took then");
        }

        output.WriteLine();
        if (Status != JobStatus.Finished)
        {
            output.WriteLine($"the job does not end: {Cause}");
        }

        output.WriteLine($"makespan       {RateText.Time(MakespanSeconds)}");
        output.WriteLine($"critical path  {RateText.Time(CriticalSeconds)}: {PathStep.Text(CriticalPath)}");
        output.WriteLine($"utilisation    {Utilisation:0.0%} computing, {TransferShare:0.0%} transfers and overheads, {WastedShare:0.0%} wasted, {1 - Utilisation - TransferShare - WastedShare:0.0%} idle");
        output.WriteLine($"store          {ByteText.Readable((long)ReadBytes)} read, {ByteText.Readable((long)WrittenBytes)} written");
        output.WriteLine($"items          {Items:N0} made in {Attempts:N0} attempts, {Twins:N0} of them given out a second time because the first was slow");
        if (LostNodes > 0)
        {
            output.WriteLine($"losses         {LostNodes:N0} of {Nodes:N0} nodes, none replaced: {RateText.Time(UndisturbedSeconds)} without them{(CostOfLosses is { } cost ? $", {cost:+0.0%;-0.0%} with them" : "")}");
        }
    }

    private static double Share(double seconds, SimulationResult result) => result.WorkerSeconds > 0 ? seconds / result.WorkerSeconds : 0;

    private static string WhyItStands(WorkGraph graph, ClusterShape cluster)
    {
        WorkItem largest = graph.Items.MaxBy(item => item.Cost.MemoryBytes)!;
        return largest.Cost.MemoryBytes > cluster.Device.MemoryBytes
            ? $"{largest.Label} needs {ByteText.Readable(largest.Cost.MemoryBytes)}, a worker has {ByteText.Readable(cluster.Device.MemoryBytes)}; cut it into more --shards, or take another --device"
            : "every worker was lost";
    }
}
