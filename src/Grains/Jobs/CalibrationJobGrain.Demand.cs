using MambaQuant.Grains.Contracts;
using MambaQuant.Pipeline.Scheduling;

namespace MambaQuant.Grains.Jobs;

/// <content>What the job tells the directory.</content>
internal sealed partial class CalibrationJobGrain
{
    private JobDemand? _demanded;
    private bool _isDemanding;
    private bool _hasNews;

    private bool WantsMore(OpenJob job) => _demanded is not { } told || (told.Ready == 0) != (job.Conductor.State.ReadyCount == 0);

    /// <summary>Tells the directory what the job wants; one word at a time.</summary>
    private async Task DemandAsync()
    {
        _hasNews = true;
        if (_isDemanding)
        {
            return;
        }

        _isDemanding = true;
        try
        {
            while (_hasNews)
            {
                _hasNews = false;
                _demanded = Demand();
                await GrainFactory.GetGrain<IJobDirectoryGrain>(0).DemandAsync(_demanded);
            }
        }
        catch (Exception fault) when (!_isStopping)
        {
            LogNoDirectory(Job, fault.Message);
        }
        finally
        {
            _isDemanding = false;
        }
    }

    private JobDemand Demand()
    {
        SchedulerState? state = _open?.Conductor.State;
        return new JobDemand
        {
            Job = Job,
            Phase = Phase,
            Round = _ending?.Round ?? state?.Round ?? 0,
            Profile = state?.Profile ?? string.Empty,
            Ready = state?.Status == JobStatus.Running ? state.ReadyCount : 0,
            Done = state?.DoneCount ?? 0,
            Total = state is null ? 0 : state.DoneCount + state.OpenCount,
            Slots = state?.PresentWorkers.Count() ?? 0,
            Cause = _ending?.Cause ?? (_waits.Length > 0 ? _waits : HasEndedUnsaid ? string.Empty : state?.Cause ?? _fault),
            Memory = state?.Status == JobStatus.Running ? [.. state.ReadyByMemory.Select(amount => new MemoryDemand(amount.MemoryBytes, amount.Count))] : [],
        };
    }
}
