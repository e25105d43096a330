using MambaQuant.Pipeline.Simulation;
using MambaQuant.Testing;

namespace MambaQuant.Client.Tests;

/// <summary>Runs a command line inside the test process and keeps what it wrote.</summary>
internal sealed class CapturedRun
{
    /// <summary>What every test takes this machine to give, so that times are the same everywhere.</summary>
    public static MachineRates Machine { get; } = new(100e9, 5e9, 10e9, 1e9, 2e9);

    /// <summary>Runs it.</summary>
    /// <param name="arguments">The arguments.</param>
    public CapturedRun(params string[] arguments)
        : this(Machine, arguments)
    {
    }

    private CapturedRun(MachineRates machine, string[] arguments)
    {
        using StringWriter output = new() { NewLine = "\n" };
        using StringWriter error = new() { NewLine = "\n" };
        ExitCode = CommandLine.Run(arguments, new CommandContext { Output = output, Error = error, Time = new ManualClock(), Machine = machine });
        Output = output.ToString();
        Error = error.ToString();
    }

    /// <summary>Runs it on a machine that gives something else.</summary>
    /// <param name="machine">What the machine gives.</param>
    /// <param name="arguments">The arguments.</param>
    public static CapturedRun On(MachineRates machine, params string[] arguments) => new(machine, arguments);

    /// <summary>One of <see cref="ExitCodes"/>.</summary>
    public int ExitCode { get; }

    /// <summary>What went to stdout.</summary>
    public string Output { get; }

    /// <summary>What went to stderr.</summary>
    public string Error { get; }
}
