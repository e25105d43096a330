using MambaQuant.Pipeline.Simulation;
using MambaQuant.Quant.Kernels;

namespace MambaQuant.Client;

/// <summary>What a verb runs with: everything it would otherwise take from the process.</summary>
internal sealed record CommandContext
{
    /// <summary>Where results go, and nothing else.</summary>
    public required TextWriter Output { get; init; }

    /// <summary>Where everything for people goes: progress, warnings, errors.</summary>
    public required TextWriter Error { get; init; }

    /// <summary>Whether <see cref="Error"/> is a terminal that can redraw lines.</summary>
    public bool ErrorIsTerminal { get; init; }

    /// <summary>The clock.</summary>
    public required TimeProvider Time { get; init; }

    /// <summary>Cancelled by the first Ctrl-C.</summary>
    public CancellationToken Cancellation { get; init; }

    /// <summary>Whether errors are printed with their stack traces.</summary>
    public bool ShowTraces { get; init; }

    /// <summary>Values of environment variables.</summary>
    /// <value>None by default.</value>
    public Func<string, string?> Environment { get; init; } = _ => null;

    /// <summary>What this machine gives, where that is known; null to measure it when a verb reckons with it.</summary>
    public MachineRates? Machine { get; init; }

    /// <summary>What this machine gives.</summary>
    /// <param name="kernels">The backend that is measured.</param>
    /// <remarks>Takes a few seconds.</remarks>
    public MachineRates Measure(IKernels kernels) => Machine ?? new MachineMeasurement(kernels, Time).Measure(Path.GetTempPath(), Cancellation);
}
