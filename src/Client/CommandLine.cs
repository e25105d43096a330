using System.CommandLine;
using System.CommandLine.Invocation;
using System.CommandLine.Parsing;
using MambaQuant.Client.Commands;
using MambaQuant.Client.Failures;

namespace MambaQuant.Client;

/// <summary>The tree of verbs, and what happens between the arguments and the exit code.</summary>
internal static class CommandLine
{
    /// <summary>The tree; it holds no state of a run.</summary>
    public static RootCommand Root { get; } = new("Quantizes Mamba language models with the MambaQuant method.")
    {
        new QuantizeCommand(),
        new EvaluateCommand(),
        new CompareCommand(),
        new InspectCommand(),
        new GenerateCommand(),
        new BenchCommand(),
        new PlanCommand(),
        new SimulateCommand(),
        new SubmitCommand(),
        new WatchCommand(),
        new CancelCommand(),
        new JobsCommand(),
        new DoctorCommand(),
    };

    /// <summary>The verbs with their names as they are typed, such as "jobs list".</summary>
    public static IReadOnlyList<(string Name, VerbCommand Verb)> Verbs { get; } = [.. VerbsOf(Root, "")];

    /// <summary>Parses and runs one command line.</summary>
    /// <param name="arguments">The arguments after the program's name.</param>
    /// <param name="context">Where it reads and writes.</param>
    /// <returns>One of <see cref="ExitCodes"/>.</returns>
    public static int Run(IReadOnlyList<string> arguments, CommandContext context)
    {
        ParseResult parse = Root.Parse(arguments);
        if (parse.Action is not null and not ParseErrorAction)
        {
            return parse.Invoke(new InvocationConfiguration { Output = context.Output, Error = context.Error });
        }

        if (parse.CommandResult.Command is not VerbCommand verb || parse.Errors.Count > 0)
        {
            return ReportUsage(parse, context.Error);
        }

        try
        {
            return verb.IsMeasured ? MeasuredRun.Of(verb.Name, () => verb.Run(parse, context), context) : verb.Run(parse, context);
        }
        catch (Exception exception) when (Failure.Of(exception, context.Cancellation) is { } failure)
        {
            return failure.Report(context);
        }
    }

    private static int ReportUsage(ParseResult parse, TextWriter error)
    {
        if (parse.CommandResult.Command is not VerbCommand verb)
        {
            string above = parse.CommandResult.Command == Root ? "" : $"{parse.CommandResult.Command.Name} ";
            error.WriteLine(parse.UnmatchedTokens is [string unknown, ..] ? $"error: there is no verb '{above}{unknown}'" : "error: a verb is missing");
            error.WriteLine($"verbs: {string.Join(", ", Verbs.Select(known => known.Name).Where(name => name.StartsWith(above, StringComparison.Ordinal)))}; see: mambaquant {above}--help");
            return ExitCodes.Usage;
        }

        foreach (ParseError problem in parse.Errors)
        {
            error.WriteLine($"error: {problem.Message}");
        }

        error.WriteLine($"see: mambaquant {Verbs.First(known => known.Verb == verb).Name} --help");
        return ExitCodes.Usage;
    }

    private static IEnumerable<(string Name, VerbCommand Verb)> VerbsOf(Command command, string above) => command.Subcommands.SelectMany(
        child => child is VerbCommand verb ? [(above + verb.Name, verb)] : VerbsOf(child, $"{above}{child.Name} "));
}
