using System.CommandLine;
using MambaQuant.Client.Doctor;
using MambaQuant.Client.Output;

namespace MambaQuant.Client.Commands;

/// <summary><c>doctor</c>: is this machine ready?</summary>
internal sealed class DoctorCommand : VerbCommand
{
    /// <summary>The folder to check.</summary>
    public static readonly Option<string> Out = new("--out")
    {
        Description = "The folder that results would go to.",
        DefaultValueFactory = _ => ".",
        HelpName = "DIR",
    };

    private static readonly Option<OutputFormat> Format = SharedOptions.Format();

    private static readonly IMachineCheck[] Checks =
    [
        new RuntimeCheck(),
        new SimdCheck(),
        new ProcessorCheck(),
        new MemoryCheck(),
        new LinearAlgebraCheck(),
        new DiskSpaceCheck(),
        new WriteAccessCheck(),
    ];

    /// <summary>Makes the verb.</summary>
    public DoctorCommand()
        : base("doctor", "Checks this machine: runtime, vector instructions, processors, memory, disk.")
    {
        Options.Add(Out);
        Options.Add(Format);
    }

    /// <inheritdoc/>
    public override int Run(ParseResult parse, CommandContext context)
    {
        MachineFacts facts = MachineFacts.Gather(Path.GetFullPath(parse.GetRequiredValue(Out)));
        CheckResult[] results = [.. Checks.Select(check => check.Run(facts))];
        if (parse.GetValue(Format) == OutputFormat.Json)
        {
            JsonOutput.Write(context.Output, results, ClientJson.Default.CheckResultArray);
        }
        else
        {
            WriteText(results, context.Output);
        }

        return results.Any(result => result.Status == CheckStatus.Fail) ? ExitCodes.MachineNotReady : ExitCodes.Success;
    }

    private static void WriteText(CheckResult[] results, TextWriter output)
    {
        int width = results.Max(result => result.Name.Length);
        foreach (CheckResult result in results)
        {
            string status = result.Status switch
            {
                CheckStatus.Pass => "pass",
                CheckStatus.Warn => "warn",
                _ => "FAIL",
            };
            output.WriteLine($"{status}  {result.Name.PadRight(width)}  {result.Detail}");
            if (result.Fix is { } fix)
            {
                output.WriteLine($"      {new string(' ', width)}  → {fix}");
            }
        }
    }
}
