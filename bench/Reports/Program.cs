using System.CommandLine;
using MambaQuant.Reports;
using MambaQuant.Reports.Speed;
#if CLUSTER
using MambaQuant.Reports.Cluster;
#endif

var root = new RootCommand("Makes the committed reports of bench/results.")
{
    AccuracyCommand.Create(),
    AblationCommand.Create(),
    OutliersCommand.Create(),
    SchedulingCommand.Create(),
    JournalCommand.Create(),
    SynthesizeCommand.Create(),
    MemoryCommand.Create(),
    StoresCommand.Create(),
    PipelineCommand.Create(),
    DashboardCommand.Create(),
    TelemetryCommand.Create(),
    SpeedCommand.Create(),
};
#if CLUSTER
root.Add(ClusterCommand.Create());
#endif
return root.Parse(args).Invoke();
