using MambaQuant.Grains.Contracts;
using MambaQuant.Grains.Placement;
using Orleans.Concurrency;
using Orleans.Runtime;

namespace MambaQuant.Grains.Workers;

/// <summary>A slot's ear in the cluster.</summary>
/// <param name="host">The slots of this silo.</param>
[OnSlotSilo, Reentrant]
internal sealed class GpuWorkerGrain(SlotHost host) : Grain, IGpuWorkerGrain
{
    private SlotAgent? _agent;

    private SlotAgent Agent => _agent ?? throw new InvalidOperationException($"slot {this.GetPrimaryKeyString()} is not of this silo, or of another incarnation of it");

    /// <inheritdoc/>
    public override Task OnActivateAsync(CancellationToken cancellationToken)
    {
        _agent = host.Find(this.GetPrimaryKeyString());
        return _agent is null
            ? Task.FromException(new InvalidOperationException($"slot {this.GetPrimaryKeyString()} is not of this silo, or of another incarnation of it"))
            : base.OnActivateAsync(cancellationToken);
    }

    /// <inheritdoc/>
    public Task WorkForAsync(string job)
    {
        Agent.WorkFor(job);
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public Task StartAsync(string job, HeldLease lease, long version)
    {
        Agent.Start(job, lease, version);
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public Task CancelAsync(string job, HeldLease lease, bool keep)
    {
        Agent.Cancel(job, lease, keep);
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public Task PollAsync()
    {
        Agent.Wake();
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public Task<SlotView> ViewAsync() => Task.FromResult(Agent.View);
}
