using System.Collections.Immutable;
using MambaQuant.Grains.Contracts;
using MambaQuant.Pipeline.Driving;
using MambaQuant.Pipeline.Scheduling;

namespace MambaQuant.Grains.Jobs;

/// <content>A job that nobody in the cluster can work for says so.</content>
internal sealed partial class CalibrationJobGrain
{
    // Slots that have just started announce themselves within one announcement; a directory that has just started hears of all within one more.
    private const int Announcements = 2;

    private string _waits = string.Empty;
    private Task _noticing = Task.CompletedTask;
    private long? _waitsSince;

    private async Task NoticeWaitingAsync(OpenJob job)
    {
        SchedulerState state = job.Conductor.State;
        if (state.Status != JobStatus.Running || state.ReadyCount == 0 || state.Leases.Any())
        {
            (_waitsSince, _waits) = (null, string.Empty);
            return;
        }

        long since = _waitsSince ??= time.GetTimestamp();
        if (time.GetElapsedTime(since) < Announcements * options.Announcement)
        {
            return;
        }

        string waits;
        try
        {
            ImmutableArray<SlotDescription> slots = await GrainFactory.GetGrain<IJobDirectoryGrain>(0).SlotsAsync();
            waits = SlotShortage.Find(state, slots);
        }
        catch (Exception fault) when (!_isStopping)
        {
            LogNoDirectory(Job, fault.Message);
            return;
        }

        if (waits != _waits && waits.Length > 0)
        {
            job.Board.Say(NoticeKind.Waiting, waits);
            LogWaits(Job, waits);
        }

        _waits = waits;
    }
}
