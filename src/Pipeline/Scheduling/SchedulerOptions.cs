using System.Text.Json.Serialization;

namespace MambaQuant.Pipeline.Scheduling;

/// <summary>How a job is scheduled. No value changes a byte of the result.</summary>
public sealed record SchedulerOptions
{
    /// <summary>How long a worker keeps an item without renewing its lease.</summary>
    /// <value>60 s by default; at least three heartbeats.</value>
    public TimeSpan Lease { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>How often a worker renews its lease, and how often the scheduler wants a tick while items run.</summary>
    /// <value>15 s by default.</value>
    public TimeSpan Heartbeat { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>Failures of one item, without a checkpoint between them, that fail the job.</summary>
    /// <value>5 by default; at least 1.</value>
    public int RetryLimit { get; init; } = 5;

    /// <summary>Workers lost while they held one item, without a checkpoint between them, that fail the job.</summary>
    /// <value>3 by default; at least 1.</value>
    public int PoisonThreshold { get; init; } = 3;

    /// <summary>How often what one item made may be lost before the job fails.</summary>
    /// <value>5 by default; at least 1.</value>
    public int LossLimit { get; init; } = 5;

    /// <summary>Pause after an item's first failure; doubles with each further one. The worker pauses twice as long, so that others get it first.</summary>
    /// <value>1 s by default; more than 0.</value>
    public TimeSpan BackOffBase { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>Longest pause after a failure.</summary>
    /// <value>60 s by default; at least the base.</value>
    public TimeSpan BackOffCap { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>An item that runs longer than this factor times what its kind usually takes is a straggler.</summary>
    /// <value>2 by default; at least 1. Overridden by <see cref="StragglerFloor"/> where that is longer.</value>
    public double StragglerFactor { get; init; } = 2;

    /// <summary>No item is a straggler before it has run this long.</summary>
    /// <value>30 s by default.</value>
    public TimeSpan StragglerFloor { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>
    /// Whether items that were given out and came back go before all others. In the order of ranks they may wait behind whole stages: what follows from
    /// what a worker has just made is given to it long before its turn.
    /// </summary>
    /// <value>False by default, as in the journals of earlier versions.</value>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public bool ReturnedFirst { get; init; }

    /// <summary>What is wrong with the values; empty where nothing is.</summary>
    [JsonIgnore]
    public IReadOnlyList<string> Problems
    {
        get
        {
            List<string> problems = [];
            Require(Heartbeat >= TimeSpan.FromMilliseconds(1), $"Heartbeat must be at least 1 ms, found {Heartbeat}");
            Require(Lease >= 3 * Heartbeat, $"Lease must be at least three heartbeats of {Heartbeat}, found {Lease}");
            Require(Lease <= TimeSpan.FromDays(365), $"Lease must be at most a year, found {Lease}");
            Require(RetryLimit >= 1, $"RetryLimit must be at least 1, found {RetryLimit}");
            Require(PoisonThreshold >= 1, $"PoisonThreshold must be at least 1, found {PoisonThreshold}");
            Require(LossLimit >= 1, $"LossLimit must be at least 1, found {LossLimit}");
            Require(BackOffBase >= TimeSpan.FromMilliseconds(1), $"BackOffBase must be at least 1 ms, found {BackOffBase}");
            Require(BackOffCap >= BackOffBase, $"BackOffCap must be at least the base of {BackOffBase}, found {BackOffCap}");
            Require(BackOffCap <= TimeSpan.FromDays(365), $"BackOffCap must be at most a year, found {BackOffCap}");
            Require(StragglerFactor >= 1, $"StragglerFactor must be at least 1, found {StragglerFactor}");
            Require(StragglerFloor >= TimeSpan.Zero, $"StragglerFloor must not be negative, found {StragglerFloor}");
            return problems;

            void Require(bool holds, string problem)
            {
                if (!holds)
                {
                    problems.Add(problem);
                }
            }
        }
    }

    /// <summary>The pause after some failures in a row, in milliseconds.</summary>
    internal long BackOff(int failures)
    {
        double pause = BackOffBase.TotalMilliseconds * Math.Pow(2, Math.Clamp(failures - 1, 0, 60));
        return (long)Math.Min(pause, BackOffCap.TotalMilliseconds);
    }
}
