using System.CommandLine;
using MambaQuant.Client.Failures;
using MambaQuant.Client.Jobs;
using MambaQuant.Client.Output;
using MambaQuant.Client.Planning;
using MambaQuant.Client.Simulating;
using MambaQuant.Pipeline.Scheduling;
using MambaQuant.Pipeline.Simulation;
using MambaQuant.Quant.Kernels.Cpu;

namespace MambaQuant.Client.Commands;

/// <summary><c>simulate</c>: how would a job run on a cluster?</summary>
internal sealed class SimulateCommand : VerbCommand
{
    private static readonly Option<int> Nodes = OptionKinds.Number("--nodes", "Nodes of the cluster.", 8, minimum: 1, maximum: 100_000);

    private static readonly Option<int> DevicesPerNode = OptionKinds.Number("--gpus-per-node", "Devices of a node, each a worker.", 1, minimum: 1, maximum: 1_000);

    private static readonly Option<string> Device = SharedOptions.Device("h100");

    private static readonly Option<double> NodeRate = OptionKinds.Number("--node-rate", "Gigabytes a second between a node and the store.", 2.0, minimum: 0.001);

    private static readonly Option<double> StoreRate = OptionKinds.Number("--store-rate", "Gigabytes a second that the store gives to all nodes together.", 25.0, minimum: 0.001);

    private static readonly Option<double> Lose = OptionKinds.Number("--lose", "Percent of the nodes that are lost while it runs.", 0.0, minimum: 0, maximum: 100);

    private static readonly Option<ulong> Seed = OptionKinds.Number("--seed", "Seed of what is drawn: which nodes are lost and when, how slow attempts and workers are.", 0UL, minimum: 0UL);

    private static readonly Option<string?> Store = new("--store") { Description = "With --job: the store that holds it.", HelpName = "DIR|URI" };

    private static readonly Option<string?> Job = new("--job")
    {
        Description = "A job of a store in place of a model: its items take the times that its journal tells.",
        HelpName = "JOB",
    };

    private static readonly Option<OutputFormat> Format = SharedOptions.Format();

    private readonly PlanningOptions _planning = new();

    private readonly RatesOptions _rates = new();

    /// <summary>Makes the verb.</summary>
    public SimulateCommand()
        : base("simulate", "Drives the scheduler through a job on a cluster that is not there, under virtual time.")
    {
        _planning.AddTo(this);
        Option[] options = [Nodes, DevicesPerNode, Device, _rates.Rates, _rates.SaveRates, NodeRate, StoreRate, Lose, Seed, Store, Job, Format];
        foreach (Option option in options)
        {
            Options.Add(option);
        }
    }

    /// <inheritdoc/>
    public override int Run(ParseResult parse, CommandContext context)
    {
        using CpuKernels kernels = new();
        RecordedJob? recorded = Recorded(parse, context);
        PlannedJob job = recorded?.Job ?? _planning.Plan(parse, kernels.Profile);
        CostModel cost = CostModel.Of(parse.GetRequiredValue(Device), job.Plan.Request.Model.Config, () => _rates.Get(parse, context, kernels));
        SimulationOptions options = OptionsOf(parse, job, cost);
        options = recorded is null ? options : options with { RecordedSeconds = recorded.Run.Seconds };
        EnsureSomebodyIsLeft(options);
        SimulationReport report = SimulationReport.Run(job, cost, options) with { Recorded = recorded?.ToReport() };
        if (parse.GetValue(Format) == OutputFormat.Json)
        {
            JsonOutput.Write(context.Output, report, ClientJson.Default.SimulationReport);
        }
        else
        {
            report.Write(context.Output);
        }

        return report.Status == JobStatus.Finished
            ? ExitCodes.Success
            : throw new UsageException($"the simulated job does not end: {report.Cause}");
    }

    private static void EnsureSomebodyIsLeft(SimulationOptions options)
    {
        int nodes = options.Cluster.Nodes;
        if (options.LostNodeCount >= nodes)
        {
            throw new UsageException(
                $"--lose {100 * options.LostNodes:0.###} takes every node of {nodes:N0}, so that nothing can finish: expected a percentage that leaves one, less than {100 * (nodes - 0.5) / nodes:0.###}");
        }
    }

    private RecordedJob? Recorded(ParseResult parse, CommandContext context)
    {
        string? store = parse.GetValue(Store);
        string? job = parse.GetValue(Job);
        if (store is null != job is null)
        {
            throw new UsageException("--store and --job belong together: the store, and a job in it");
        }

        if (job is not null && _planning.NamesModel(parse))
        {
            throw new UsageException("--job and a model exclude each other; give one of them");
        }

        return job is null ? null : RecordedJob.Read(JobStore.Open(store!, context.Cancellation), job, context.Cancellation);
    }

    private static SimulationOptions OptionsOf(ParseResult parse, PlannedJob job, CostModel cost) => new()
    {
        Cluster = cost.Cluster(parse.GetRequiredValue(Nodes), parse.GetRequiredValue(DevicesPerNode)) with
        {
            NodeBytesPerSecond = parse.GetRequiredValue(NodeRate) * 1e9,
            StoreBytesPerSecond = parse.GetRequiredValue(StoreRate) * 1e9,
        },
        LostNodes = parse.GetRequiredValue(Lose) / 100,
        Seed = parse.GetRequiredValue(Seed),
        CheckpointLayers = job.CheckpointLayers,
    };
}
