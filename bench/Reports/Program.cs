using System.CommandLine;
using MambaQuant.Reports;

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
};
return root.Parse(args).Invoke();
