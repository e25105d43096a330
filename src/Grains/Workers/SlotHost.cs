using System.Collections.Immutable;
using MambaQuant.Grains.Contracts;
using MambaQuant.Grains.Hosting;
using Microsoft.Extensions.Logging;
using Orleans.Runtime;

namespace MambaQuant.Grains.Workers;

/// <summary>The slots of a silo, from its becoming a member to its stopping; and its share in keeping the directory alive.</summary>
/// <param name="options">The silo.</param>
/// <param name="executors">Makes executors.</param>
/// <param name="grains">Reaches jobs and the directory.</param>
/// <param name="silo">This silo.</param>
/// <param name="time">The clock.</param>
/// <param name="logger">Hears what operators should know.</param>
internal sealed partial class SlotHost(
    MambaQuantSiloOptions options, IExecutorFactory executors, IGrainFactory grains, ILocalSiloDetails silo, TimeProvider time, ILogger<SlotHost> logger)
    : ILifecycleParticipant<ISiloLifecycle>, ISlotOccupancy, IDisposable
{
    // How long threads may take to drop what they are at, all together.
    private static readonly TimeSpan ToDrop = TimeSpan.FromSeconds(5);

    private readonly CancellationTokenSource _stop = new(), _kill = new();
    private ImmutableArray<SlotAgent> _agents = [];
    private ImmutableArray<Task> _runs = [];
    private Task _keeping = Task.CompletedTask;
    private ScratchFolder? _scratch;

    /// <inheritdoc/>
    public bool IsOccupied => _agents.Any(agent => agent.Job is not null || agent.MayBeWanted);

    /// <summary>A slot of this silo.</summary>
    /// <param name="slot">Its name.</param>
    /// <returns>Null where this silo has no such slot, or not in this incarnation.</returns>
    public SlotAgent? Find(string slot) => _agents.FirstOrDefault(agent => agent.Slot.Slot == slot);

    /// <inheritdoc/>
    public void Participate(ISiloLifecycle lifecycle)
    {
        ArgumentNullException.ThrowIfNull(lifecycle);

        // Behind everything else at the start, before everything else at the end: while slots drain, the silo is a full member.
        lifecycle.Subscribe(nameof(SlotHost), ServiceLifecycleStage.Active, StartAsync, StopAsync);
    }

    /// <summary>Frees what is held.</summary>
    public void Dispose()
    {
        _stop.Dispose();
        _kill.Dispose();
        _scratch?.Dispose();
    }

    private Task StartAsync(CancellationToken cancellation)
    {
        CancellationToken stop = _stop.Token, kill = _kill.Token;
        _scratch = ScratchFolder.Take(options);
        _agents =
        [
            .. options.Slots.Select((slot, place) => new SlotAgent(
                new SlotDescription
                {
                    Slot = new SlotName(silo.Name, slot.Device, silo.SiloAddress.Generation).ToString(),
                    Device = slot.Description,
                    MemoryBytes = slot.MemoryBytes,
                    Profile = options.Backends.Of(place).Profile,
                },
                place,
                options,
                executors,
                grains,
                time,
                logger)),
        ];
        _runs = [.. _agents.Select(agent => Task.Run(() => agent.RunAsync(stop, kill), CancellationToken.None))];
        _keeping = Task.Run(() => KeepDirectoryAsync(stop), CancellationToken.None);
        return Task.CompletedTask;
    }

    private async Task StopAsync(CancellationToken cancellation)
    {
        await _stop.CancelAsync();
        Task drained = Task.WhenAll([.. _runs, _keeping]);
        bool isInTime = !cancellation.IsCancellationRequested
            && await Task.WhenAny(drained, Task.Delay(options.Shutdown, time, cancellation)) == drained;
        if (!isInTime)
        {
            LogNotDrained(silo.Name);
        }

        await _kill.CancelAsync();
        foreach (SlotAgent agent in _agents)
        {
            agent.Dispose();
        }

        // A thread that does not end in time is left to the end of the process.
        await Task.WhenAny(Task.WhenAll(_agents.Select(agent => agent.Over)), Task.Delay(ToDrop, time, CancellationToken.None));
        _scratch?.Dispose();
    }

    private async Task KeepDirectoryAsync(CancellationToken stop)
    {
        using var timer = new PeriodicTimer(options.Announcement, time);
        try
        {
            do
            {
                await EnsureAsync();
            }
            while (await timer.WaitForNextTickAsync(stop));
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            return;
        }
    }

    private async Task EnsureAsync()
    {
        try
        {
            await grains.GetGrain<IJobDirectoryGrain>(0).EnsureAsync();
        }
        catch (Exception fault) when (!_stop.IsCancellationRequested)
        {
            LogNoDirectory(silo.Name, fault.Message);
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "silo {Silo} stops before its slots came to a safe point: what they were at is made again")]
    private partial void LogNotDrained(string silo);

    [LoggerMessage(Level = LogLevel.Warning, Message = "silo {Silo} does not reach the directory, and tries again: {Fault}")]
    private partial void LogNoDirectory(string silo, string fault);
}
