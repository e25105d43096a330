using MambaQuant.Pipeline.Scheduling;

namespace MambaQuant.Pipeline.Simulation;

/// <summary>What a simulated run was like. Times are of the simulated cluster.</summary>
public sealed record SimulationResult
{
    /// <summary>How the job ended; still running where no worker is left that could go on.</summary>
    public required JobStatus Status { get; init; }

    /// <summary>Why it failed or cannot go on; otherwise empty.</summary>
    public required string Cause { get; init; }

    /// <summary>From the submission to the end.</summary>
    public required TimeSpan Makespan { get; init; }

    /// <summary>
    /// The longest chain of items, each at its usual speed with inputs and weights at hand: no number of these devices is faster, but for luck
    /// with the spread.
    /// </summary>
    public required TimeSpan CriticalPath { get; init; }

    /// <summary>The same job without losses of nodes; equal to the makespan where there were none.</summary>
    public required TimeSpan UndisturbedMakespan { get; init; }

    /// <summary>Seconds that workers were there, all together.</summary>
    public required double WorkerSeconds { get; init; }

    /// <summary>Of these, seconds of computing whose result counted.</summary>
    public required double ComputeSeconds { get; init; }

    /// <summary>Of these, seconds of transfers and overheads of attempts whose result counted.</summary>
    public required double TransferSeconds { get; init; }

    /// <summary>Of these, seconds of attempts whose result did not count: lost with their worker, or second among twins.</summary>
    public required double WastedSeconds { get; init; }

    /// <summary>Bytes read through the store, weights of the model included.</summary>
    public required double BytesRead { get; init; }

    /// <summary>Bytes written through the store.</summary>
    public required double BytesWritten { get; init; }

    /// <summary>Attempts that were given out.</summary>
    public required int Attempts { get; init; }

    /// <summary>Items that were made.</summary>
    public required int Items { get; init; }

    /// <summary>Attempts given out a second time because the first was slow.</summary>
    public required int Twins { get; init; }

    /// <summary>Nodes that were lost.</summary>
    public required int LostNodes { get; init; }

    /// <summary>Inputs that the scheduler took.</summary>
    public required int Steps { get; init; }

    /// <summary>Share of the workers' time that was computing whose result counted.</summary>
    public double Utilisation => WorkerSeconds > 0 ? ComputeSeconds / WorkerSeconds : 0;

    /// <summary>How much longer the losses made the run, as a share of the undisturbed run; null where it did not finish.</summary>
    public double? CostOfLosses =>
        Status != JobStatus.Finished ? null : UndisturbedMakespan > TimeSpan.Zero ? (Makespan / UndisturbedMakespan) - 1 : 0;
}
