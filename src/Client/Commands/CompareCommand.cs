using System.CommandLine;
using MambaQuant.Client.Comparing;
using MambaQuant.Client.Output;
using MambaQuant.Dashboard.Reports;

namespace MambaQuant.Client.Commands;

/// <summary><c>compare</c>: several checkpoints in one page and one table.</summary>
internal sealed class CompareCommand : VerbCommand
{
    /// <summary>The checkpoints.</summary>
    public static readonly Argument<string[]> Checkpoints = new("DIR") { Description = "Folders of quantized checkpoints, at least two.", Arity = new ArgumentArity(2, 100) };

    /// <summary>The page to write.</summary>
    public static readonly Option<string?> Out = new("--out") { Description = "Page to write, a new file: their figures and charts side by side.", HelpName = "FILE.html" };

    /// <summary>What stdout carries.</summary>
    public static readonly Option<OutputFormat> Format = SharedOptions.Format();

    /// <summary>Makes the verb.</summary>
    public CompareCommand()
        : base("compare", "Compares quantized checkpoints: a table, and a page with their charts side by side.")
    {
        Arguments.Add(Checkpoints);
        Options.Add(Out);
        Options.Add(Format);
    }

    /// <inheritdoc/>
    public override int Run(ParseResult parse, CommandContext context)
    {
        string? page = parse.GetValue(Out);
        if (page is not null)
        {
            Comparison.EnsureFree(page);
        }

        Comparison comparison = Comparison.Read(parse.GetRequiredValue(Checkpoints));
        if (page is not null)
        {
            comparison.Write(page);
        }

        CompareReport report = new(comparison.Summaries, page);
        if (parse.GetValue(Format) == OutputFormat.Json)
        {
            JsonOutput.Write(context.Output, report, ClientJson.Default.CompareReport);
        }
        else
        {
            report.Write(context.Output);
        }

        return ExitCodes.Success;
    }
}
