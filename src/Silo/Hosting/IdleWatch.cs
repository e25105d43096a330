using MambaQuant.Grains.Workers;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace MambaQuant.Silo.Hosting;

/// <summary>Ends a silo that nobody has wanted anything of for a while, so that nobody pays for an idle GPU.</summary>
/// <param name="limit">For how long.</param>
/// <param name="slots">The silo's slots.</param>
/// <param name="lifetime">Ends the silo.</param>
/// <param name="time">The clock.</param>
/// <param name="logger">Hears why.</param>
internal sealed partial class IdleWatch(TimeSpan limit, ISlotOccupancy slots, IHostApplicationLifetime lifetime, TimeProvider time, ILogger<IdleWatch> logger) : BackgroundService
{
    private static readonly TimeSpan Look = TimeSpan.FromSeconds(0.5);

    /// <summary>Whether it was this that ended the silo.</summary>
    public bool HasEndedIt { get; private set; }

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        long idleSince = time.GetTimestamp();
        while (time.GetElapsedTime(idleSince) < limit)
        {
            await Task.Delay(Look, time, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (stoppingToken.IsCancellationRequested)
            {
                return;
            }

            idleSince = slots.IsOccupied ? time.GetTimestamp() : idleSince;
        }

        LogIdle(limit.TotalSeconds);
        HasEndedIt = true;
        lifetime.StopApplication();
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "no job wanted a slot of this silo for {Seconds} s: it ends")]
    private partial void LogIdle(double seconds);
}
