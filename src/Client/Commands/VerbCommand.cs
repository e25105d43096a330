using System.CommandLine;

namespace MambaQuant.Client.Commands;

/// <summary>A verb of the command line.</summary>
/// <param name="name">Its name.</param>
/// <param name="description">What it does, for the help.</param>
internal abstract class VerbCommand(string name, string description) : Command(name, description)
{
    /// <summary>Whether it works for so long that people may want to watch it: telemetry is sent of it, where that is asked for.</summary>
    public virtual bool IsMeasured => false;

    /// <summary>Runs the verb on arguments that parsed without an error.</summary>
    /// <param name="parse">The parsed arguments.</param>
    /// <param name="context">Where it reads and writes.</param>
    /// <returns>One of <see cref="ExitCodes"/>.</returns>
    public abstract int Run(ParseResult parse, CommandContext context);
}
