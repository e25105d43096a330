using System.CommandLine;
using MambaQuant.Client.Inspection;
using MambaQuant.Client.Output;

namespace MambaQuant.Client.Commands;

/// <summary><c>inspect</c>: what does a model folder hold?</summary>
internal sealed class InspectCommand : VerbCommand
{
    /// <summary>The model.</summary>
    public static readonly Argument<string> Model = new("DIR") { Description = "Folder of a quantized or a float model." };

    /// <summary>What stdout carries.</summary>
    public static readonly Option<OutputFormat> Format = SharedOptions.Format();

    /// <summary>Makes the verb.</summary>
    public InspectCommand()
        : base("inspect", "Lists the modules of a model: shapes, bits, bytes, scales.")
    {
        Arguments.Add(Model);
        Options.Add(Format);
    }

    /// <inheritdoc/>
    public override int Run(ParseResult parse, CommandContext context)
    {
        InspectionReport report = ModelInspector.Inspect(parse.GetRequiredValue(Model));
        if (parse.GetValue(Format) == OutputFormat.Json)
        {
            JsonOutput.Write(context.Output, report, ClientJson.Default.InspectionReport);
        }
        else
        {
            report.Write(context.Output);
        }

        return ExitCodes.Success;
    }
}
