using System.Collections.Immutable;
using System.Diagnostics;
using MambaQuant.Grains.Contracts;
using MambaQuant.Pipeline.Artifacts;
using MambaQuant.Pipeline.Driving;
using MambaQuant.Pipeline.Planning;
using MambaQuant.Pipeline.Scheduling;
using MambaQuant.Pipeline.Scheduling.Outputs;
using Orleans.Runtime;

namespace MambaQuant.Grains.Jobs;

/// <content>How the job comes to be driven here, and is left.</content>
internal sealed partial class CalibrationJobGrain
{
    /// <summary>Opens the job unless it is open or on its way; one that ended in an earlier round, or for want of a plan, is opened again.</summary>
    private void EnsureOpening(int round)
    {
        bool goesOn = _ending is { } ending && (round > ending.Round || !_isWritten);
        if (goesOn || _opening is null || (_opening.IsCompleted && _open is null && _ending is null))
        {
            OpenJob? before = _open;
            _open = null;
            _ending = null;
            (_waitsSince, _waits) = (null, string.Empty);
            _opening = OpenAsync(before);
        }
    }

    private async Task OpenAsync(OpenJob? before)
    {
        if (before is not null)
        {
            await before.CloseAsync();
        }

        if (stepDowns.IsRecent(Job))
        {
            _fault = "another silo drives the job";
            return;
        }

        JobRound at = default;
        try
        {
            at = await StoredRounds.FindAsync(options.Store, Job, Stopping);
            if (at.HasEnded && await StoredRounds.ReadEndingAsync(options.Store, Job, at.Round, Stopping) is { } ending)
            {
                (_ending, _isWritten) = (ending, true);
                await DemandAsync();
                return;
            }

            if (at.HasEnded)
            {
                // It is damaged: the journal knows what it told.
                await options.Store.DeleteAsync(StoredRounds.NameOfEnding(Job, at.Round), Stopping);
            }

            // A name that no other owner of the job ever has: an activation may open it several times.
            string owner = $"{silo.Name} {silo.SiloAddress} {GrainContext.ActivationId}{(_owners++ == 0 ? string.Empty : $" {_owners}")}";
            _open = await OpenJob.OpenAsync(Job, at.Round, owner, options, members.IsGone, time, PumpAsync, Stopping);
            _fault = string.Empty;
            if (_ending is null) // a job with nothing to do may have ended in between
            {
                _timer ??= this.RegisterGrainTimer(
                    LookAroundAsync, new GrainTimerCreationOptions(TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(1)) { Interleave = true, KeepAlive = true });
            }

            await DemandAsync();
            if (_open.Conductor.HasEnded)
            {
                await EndOnceAsync(_open);
            }
        }
        catch (InvalidPlanException fault)
        {
            // What the plan lacks no silo can make up for; nothing is written down, as whoever submits the job again puts the plan again.
            _ending = new JobEnding(JobPhase.Failed, fault.Message, string.Empty) { Round = at.Round, Fault = nameof(InvalidPlanException) };
            _isWritten = false;
            await DemandAsync();
        }
        catch (Exception fault) when (!_isStopping)
        {
            _fault = fault.Message;
            LogNotOpened(Job, fault.Message);
        }
        catch (Exception) when (_isStopping)
        {
            return;
        }
    }

    private async Task PumpAsync(OpenJob job)
    {
        Activity.Current = job.Conductor.Span; // what is logged from here on belongs to the job, and not to whoever happened to open it
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(Stopping, job.Closing);
        try
        {
            while (!ending.IsCancellationRequested)
            {
                await PumpOnceAsync(job, ending.Token);
            }
        }
        catch (Exception) when (ending.IsCancellationRequested)
        {
            return;
        }
        finally
        {
            // Whoever still waits for an answer would wait for ever.
            job.Conductor.Close();
        }
    }

    private async Task PumpOnceAsync(OpenJob job, CancellationToken ending)
    {
        try
        {
            ImmutableArray<SchedulerOutput> outputs = await job.Conductor.NextAsync(ending);
            if (!ending.IsCancellationRequested)
            {
                await ActAsync(job, outputs);
            }
        }
        catch (ArtifactStoreException fault)
        {
            job.Board.Say(NoticeKind.Remark, $"the journal cannot be written, and is tried again: {fault.Message}");
            LogNotWritten(Job, fault.Message);
            await Task.Delay(TimeSpan.FromSeconds(1), time, ending);
        }
        catch (StaleOwnerException stale)
        {
            LogStepsDown(Job, stale.Successor);
            stepDowns.Note(Job);
            Leave(job);
        }
        catch (Exception fault) when (!ending.IsCancellationRequested)
        {
            // Whatever it is: the journal has all that was said, and another activation goes on from it.
            LogPumpBroken(Job, fault);
            Leave(job);
        }
    }

    private void Leave(OpenJob job)
    {
        _isStopping = true;
        _stopping.Cancel();
        job.Close();
        DeactivateOnIdle();
    }
}
