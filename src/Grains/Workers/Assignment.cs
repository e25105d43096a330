using MambaQuant.Grains.Contracts;
using MambaQuant.Pipeline.Execution;

namespace MambaQuant.Grains.Workers;

/// <summary>An item that a slot was given.</summary>
/// <param name="job">The job.</param>
/// <param name="lease">Item and attempt.</param>
/// <remarks>Its sources of cancellation have no timer and no parent, so nobody need dispose of them, and nobody can cancel too late.</remarks>
internal sealed class Assignment(string job, HeldLease lease) : IProgress<ItemProgress>
{
    private LeaseProgress _progress = new() { Item = lease.Item, Attempt = lease.Attempt };

    /// <summary>The job.</summary>
    public string Job => job;

    /// <summary>Item and attempt.</summary>
    public HeldLease Lease => lease;

    /// <summary>Ends it at its next safe point.</summary>
    public CancellationTokenSource Stop { get; } = new();

    /// <summary>Ends it as soon as can be.</summary>
    public CancellationTokenSource Abandon { get; } = new();

    /// <summary>How far it is.</summary>
    public LeaseProgress Progress => Volatile.Read(ref _progress);

    /// <inheritdoc/>
    public void Report(ItemProgress value) => Volatile.Write(ref _progress, new LeaseProgress
    {
        Item = lease.Item,
        Attempt = lease.Attempt,
        Done = value.Done,
        Total = value.Total,
        Unit = value.Unit,
        Checkpoint = value.Checkpoint,
    });
}
