using System.CommandLine;
using MambaQuant.Client.Output;
using MambaQuant.Client.Planning;
using MambaQuant.Quant.Kernels.Cpu;

namespace MambaQuant.Client.Commands;

/// <summary><c>plan</c>: what is there to do, and what will it take?</summary>
internal sealed class PlanCommand : VerbCommand
{
    private static readonly Option<string> Device = SharedOptions.Device(CostModel.Here);

    private static readonly Option<OutputFormat> Format = SharedOptions.Format();

    private readonly PlanningOptions _planning = new();

    private readonly RatesOptions _rates = new();

    /// <summary>Makes the verb.</summary>
    public PlanCommand()
        : base("plan", "Prints the work of a job before anything is spent: items, bytes, critical path, expected time and memory.")
    {
        _planning.AddTo(this);
        Options.Add(Device);
        _rates.AddTo(this);
        Options.Add(Format);
    }

    /// <inheritdoc/>
    public override int Run(ParseResult parse, CommandContext context)
    {
        using CpuKernels kernels = new();
        PlannedJob job = _planning.Plan(parse, kernels.Profile);
        CostModel cost = CostModel.Of(parse.GetRequiredValue(Device), job.Plan.Request.Model.Config, () => _rates.Get(parse, context, kernels));
        PlanReport report = PlanReport.Of(job, cost);
        if (parse.GetValue(Format) == OutputFormat.Json)
        {
            JsonOutput.Write(context.Output, report, ClientJson.Default.PlanReport);
        }
        else
        {
            report.Write(context.Output);
        }

        return ExitCodes.Success;
    }
}
