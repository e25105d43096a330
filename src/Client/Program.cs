using MambaQuant.Client;

using Interruption interruption = new(Console.Error);
return CommandLine.Run(args, new CommandContext
{
    Output = Console.Out,
    Error = Console.Error,
    ErrorIsTerminal = !Console.IsErrorRedirected && Environment.GetEnvironmentVariable("TERM") is not (null or "dumb"),
    Time = TimeProvider.System,
    Cancellation = interruption.Token,
    Environment = Environment.GetEnvironmentVariable,
    ShowTraces = Environment.GetEnvironmentVariable("MAMBAQUANT_TRACE") == "1",
});
