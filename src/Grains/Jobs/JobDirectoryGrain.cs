using System.Collections.Immutable;
using MambaQuant.Grains.Contracts;
using MambaQuant.Grains.Hosting;
using MambaQuant.Grains.Placement;
using MambaQuant.Pipeline.Artifacts;
using MambaQuant.Pipeline.Inputs;
using MambaQuant.Pipeline.Planning;
using Microsoft.Extensions.Logging;
using Orleans.Concurrency;
using Orleans.Runtime;

namespace MambaQuant.Grains.Jobs;

/// <summary>The directory's shell in the cluster: lists the store, opens jobs, and carries the <see cref="SlotMarket"/>'s words.</summary>
/// <param name="options">The silo.</param>
/// <param name="time">The clock.</param>
/// <param name="logger">Hears what operators should know.</param>
[OnLastingSilo, Reentrant]
internal sealed partial class JobDirectoryGrain(MambaQuantSiloOptions options, TimeProvider time, ILogger<JobDirectoryGrain> logger)
    : Grain, IJobDirectoryGrain
{
    private readonly SlotMarket _market = new(time, options.Announcement);

    /// <inheritdoc/>
    public override async Task OnActivateAsync(CancellationToken cancellationToken)
    {
        if (options.FindsJobs)
        {
            await ListStoreAsync(cancellationToken);
        }

        await base.OnActivateAsync(cancellationToken);
    }

    /// <inheritdoc/>
    public async Task<SubmitReply> SubmitAsync(SubmitRequest request)
    {
        try
        {
            await StoredPlans.ReadAsync(options.Store, request.Job, CancellationToken.None);
            if (await StoredRequests.FindAsync(options.Store, request.Job, CancellationToken.None) is not { } asked)
            {
                return Refusal($"the silos' store '{options.Store.Description}' has no request of job {request.Job}, or none that can be read; the client's is '{request.Store}'");
            }

            JobEntry entry = _market.Add(request.Job);
            (entry.Name, entry.Submitted) = (asked.Name, asked.Order);
            bool again = entry.HasEnded || await StoredEndings.ReadAsync(options.Store, request.Job, CancellationToken.None) is not null;
            if (again)
            {
                await StoredEndings.RemoveAsync(options.Store, request.Job, CancellationToken.None);
                entry.Demand = null;
            }

            if (again || _market.ToOpen.Contains(entry))
            {
                await JobGrain(request.Job).StartAsync(again);
            }

            return new SubmitReply { IsAccepted = true, Store = options.Store.Description, Order = asked.Order };
        }
        catch (InvalidRequestException fault)
        {
            return Refusal(fault.Message);
        }
        catch (InvalidPlanException fault)
        {
            return Refusal($"{fault.Message} The client's store is '{request.Store}', the silos' '{options.Store.Description}': they have to be the same");
        }
        catch (ArtifactStoreException fault)
        {
            return Refusal(fault.Message);
        }
    }

    /// <inheritdoc/>
    public Task<ImmutableArray<JobSummary>> ListAsync() => Task.FromResult<ImmutableArray<JobSummary>>([.. _market.Jobs.Select(job => job.Summary)]);

    /// <inheritdoc/>
    public Task<JobSummary?> ShowAsync(string job) => Task.FromResult(_market.Find(job)?.Summary);

    /// <inheritdoc/>
    public Task<ImmutableArray<SlotDescription>> SlotsAsync() => Task.FromResult<ImmutableArray<SlotDescription>>([.. _market.Slots]);

    /// <inheritdoc/>
    public async Task<SlotOrder> AnnounceAsync(SlotDescription slot, string? job, bool isIdle)
    {
        _market.Announce(slot, job, isIdle);
        await MatchAsync(asking: slot.Slot);
        return new SlotOrder { Job = _market.OrderOf(slot.Slot) };
    }

    /// <inheritdoc/>
    public Task RetireAsync(string slot)
    {
        _market.Retire(slot);
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public async Task DemandAsync(JobDemand demand)
    {
        JobEntry entry = _market.Add(demand.Job);
        bool endsNow = JobPhases.IsEnd(demand.Phase) && !entry.HasEnded;
        entry.Demand = demand;
        if (endsNow)
        {
            await OpenJobsAsync();
        }

        await MatchAsync(asking: null);
    }

    /// <inheritdoc/>
    public async Task EnsureAsync()
    {
        await OpenJobsAsync();
        await MatchAsync(asking: null);
    }

    /// <summary>Finds what the cluster has to run: jobs with a request; where they ended is told beside them.</summary>
    private async Task ListStoreAsync(CancellationToken cancellation)
    {
        var found = new Dictionary<string, bool>(StringComparer.Ordinal);
        await foreach (ArtifactInfo artifact in options.Store.ListAsync("jobs/", cancellation))
        {
            if (artifact.Name.Split('/') is [_, string job, "request" or StoredEndings.Name])
            {
                found[job] = found.GetValueOrDefault(job) || artifact.Name == StoredEndings.NameOf(job);
            }
        }

        foreach ((string job, bool hasEnded) in found)
        {
            if (await RequestAsync(job, cancellation) is { } request)
            {
                JobEntry entry = _market.Add(job);
                (entry.Name, entry.Submitted) = (request.Name, request.Order);
                JobEnding? ending = hasEnded ? await StoredEndings.ReadAsync(options.Store, job, cancellation) : null;
                entry.Demand ??= ending is null ? null : new JobDemand { Job = job, Phase = ending.Phase, Cause = ending.Cause };
            }
        }

        LogListed(found.Count, options.Store.Description);
    }

    private async Task<JobRequest?> RequestAsync(string job, CancellationToken cancellation)
    {
        try
        {
            return await StoredRequests.FindAsync(options.Store, job, cancellation);
        }
        catch (Exception fault) when (fault is InvalidRequestException or CorruptArtifactException)
        {
            LogNotStarted(job, fault.Message);
            return null;
        }
    }

    private async Task OpenJobsAsync()
    {
        foreach (JobEntry job in _market.ToOpen.ToList())
        {
            try
            {
                JobPhase phase = await JobGrain(job.Job).StartAsync(again: false);
                if (JobPhases.IsEnd(phase) && !job.HasEnded)
                {
                    // It had ended, and the word of it was lost.
                    job.Demand = (job.Demand ?? new JobDemand { Job = job.Job, Phase = phase }) with { Phase = phase, Ready = 0 };
                }
            }
            catch (Exception fault) when (fault is OrleansException or TimeoutException)
            {
                LogNotStarted(job.Job, fault.Message);
            }
        }
    }

    private async Task MatchAsync(string? asking)
    {
        foreach ((string slot, string job) in _market.Match())
        {
            if (slot != asking)
            {
                await GrainFactory.GetGrain<IGpuWorkerGrain>(slot).WorkForAsync(job);
            }
        }
    }

    private SubmitReply Refusal(string cause) => new() { IsAccepted = false, Cause = cause, Store = options.Store.Description };

    private ICalibrationJobGrain JobGrain(string job) => GrainFactory.GetGrain<ICalibrationJobGrain>(job);

    [LoggerMessage(Level = LogLevel.Information, Message = "the directory knows {Jobs} jobs of store '{Store}'")]
    private partial void LogListed(int jobs, string store);

    [LoggerMessage(Level = LogLevel.Warning, Message = "job {Job} could not be started, and is tried again: {Fault}")]
    private partial void LogNotStarted(string job, string fault);
}
