using Spectre.Console;

namespace MambaQuant.Client.Progress;

/// <summary>Chooses the display that fits where stderr goes.</summary>
internal static class ProgressDisplays
{
    /// <summary>Live bars on a terminal, milestone lines elsewhere.</summary>
    /// <param name="context">Where the verb writes.</param>
    public static IProgressDisplay For(CommandContext context) => context.ErrorIsTerminal
        ? new LiveProgressDisplay(AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(context.Error) }), context.Time)
        : new LogProgressDisplay(context.Error, context.Time);
}
