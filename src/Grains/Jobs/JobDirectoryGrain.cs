using System.Collections.Concurrent;
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
    // The store tells again what is lost of words: an activation that another one follows may have taken a job that this one never heard of.
    private static readonly TimeSpan Listing = TimeSpan.FromMinutes(5), Patience = TimeSpan.FromSeconds(5);

    private readonly SlotMarket _market = new(time, options.Announcement);
    private readonly Dictionary<string, StoredJob> _unread = new(StringComparer.Ordinal);
    private Task _reading = Task.CompletedTask;
    private long _listed;

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

            bool asksAnew = false;
            JobRound at = await StoredRounds.FindAsync(options.Store, request.Job, CancellationToken.None);
            if (at.HasEnded && !(request.Round <= at.Round))
            {
                at = new JobRound(at.Round + 1, HasEnded: false);
                await StoredRounds.AskAsync(options.Store, request.Job, at.Round, CancellationToken.None);
                asksAnew = true;
            }

            JobEntry entry = Know(new StoredJob(request.Job, at), asked);
            bool again = asksAnew || entry.HasEnded;
            entry.Demand = entry.HasEnded ? null : entry.Demand; // where the store knows of no end, it ended for want of something that may be there now
            if (again || _market.ToOpen.Contains(entry))
            {
                await JobGrain(request.Job).StartAsync(entry.Round);
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
    public async Task<ImmutableArray<JobSummary>> ListAsync()
    {
        await Task.WhenAny(_reading, Task.Delay(Patience, time));
        IEnumerable<JobSummary> unread = _unread.Keys.Where(job => _market.Find(job) is null).Order(StringComparer.Ordinal).Select(Unread);
        return [.. unread, .. _market.Jobs.Select(job => job.Summary)];
    }

    /// <inheritdoc/>
    public async Task<JobSummary?> ShowAsync(string job)
    {
        await Task.WhenAny(_reading, Task.Delay(Patience, time));
        return _market.Find(job)?.Summary ?? (_unread.ContainsKey(job) ? Unread(job) : null);
    }

    /// <inheritdoc/>
    public Task<ImmutableArray<SlotDescription>> SlotsAsync() => Task.FromResult<ImmutableArray<SlotDescription>>([.. _market.Slots]);

    /// <inheritdoc/>
    public async Task<SlotOrder> AnnounceAsync(SlotDescription slot, string? job, bool isIdle)
    {
        _market.Announce(slot, job, isIdle);
        await MatchAsync(asking: slot.Slot);
        return new SlotOrder { Job = _market.OrderOf(slot.Slot), MayBeWanted = _market.MayWant(slot.Slot) };
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
        if (demand.Round < entry.Round)
        {
            return; // it was on its way when the job was submitted again
        }

        bool endsNow = JobPhases.IsEnd(demand.Phase) && !entry.HasEnded;
        (entry.Demand, entry.Round) = (demand, demand.Round);
        if (!entry.IsRead)
        {
            Read([new StoredJob(demand.Job, new JobRound(demand.Round, HasEnded: false))]);
        }

        if (endsNow)
        {
            await OpenJobsAsync();
        }

        await MatchAsync(asking: null);
    }

    /// <inheritdoc/>
    public async Task EnsureAsync()
    {
        if (options.FindsJobs && time.GetElapsedTime(_listed) >= Listing)
        {
            try
            {
                await ListStoreAsync(CancellationToken.None);
            }
            catch (ArtifactStoreException fault)
            {
                LogNotListed(options.Store.Description, fault.Message); // the jobs that are known go on meanwhile
            }
        }

        Read([]);
        await OpenJobsAsync();
        await MatchAsync(asking: null);
    }

    /// <summary>
    /// Finds what the cluster has to run: jobs with a request whose last round has no ending. Those that have ended are read behind it, for whoever wants
    /// to see them.
    /// </summary>
    private async Task ListStoreAsync(CancellationToken cancellation)
    {
        List<StoredJob> stored = await StoredJob.ListAsync(options.Store, cancellation);
        _market.ForgetEnded(but: stored.Select(job => job.Job));
        List<StoredJob> news = [.. stored.Where(IsNews)];
        await ReadAsync(news.Where(job => !job.At.HasEnded), cancellation);
        Read(news.Where(job => job.At.HasEnded));
        _listed = time.GetTimestamp();
        LogListed(stored.Count, options.Store.Description);
    }

    private static JobSummary Unread(string job) => new() { Job = job, Name = string.Empty, Phase = JobPhase.Unknown };

    private bool IsNews(StoredJob stored) => _market.Find(stored.Job) is not { } known
        || stored.At.Round > known.Round
        || (stored.At.Round == known.Round && stored.At.HasEnded && !known.HasEnded);

    /// <summary>Reads jobs while others call.</summary>
    private void Read(IEnumerable<StoredJob> jobs)
    {
        foreach (StoredJob job in jobs)
        {
            _unread[job.Job] = job;
        }

        if (_unread.Count > 0 && _reading.IsCompleted)
        {
            _reading = ReadUnreadAsync();
        }
    }

    private async Task ReadUnreadAsync()
    {
        try
        {
            while (_unread.Count > 0)
            {
                await ReadAsync([.. _unread.Values], CancellationToken.None);
            }
        }
        catch (ArtifactStoreException fault)
        {
            LogNotRead(_unread.Count, options.Store.Description, fault.Message);
        }
    }

    private async Task ReadAsync(IEnumerable<StoredJob> jobs, CancellationToken cancellation)
    {
        var read = new ConcurrentQueue<(StoredJob Job, JobRequest? Request, JobEnding? Ending)>();
        try
        {
            await StoredJob.ReadAsync(
                jobs,
                async (job, token) => read.Enqueue((
                    job,
                    await RequestAsync(job.Job, token),
                    job.At.HasEnded ? await StoredRounds.ReadEndingAsync(options.Store, job.Job, job.At.Round, token) : null)),
                cancellation);
        }
        finally
        {
            foreach ((StoredJob job, JobRequest? request, JobEnding? ending) in read)
            {
                _unread.Remove(job.Job);
                if (request is not null)
                {
                    JobEntry entry = Know(job, request);
                    entry.Demand = ending is not null && ending.Round == entry.Round && !entry.HasEnded
                        ? new JobDemand { Job = job.Job, Phase = ending.Phase, Cause = ending.Cause, Round = ending.Round }
                        : entry.Demand;
                }
            }
        }
    }

    /// <summary>Takes note of a job; what it told of an earlier round counts for nothing any more.</summary>
    private JobEntry Know(StoredJob job, JobRequest request)
    {
        JobEntry entry = _market.Add(job.Job);
        entry.Read(request);
        if (job.At.Round > entry.Round)
        {
            (entry.Round, entry.Demand) = (job.At.Round, null);
        }

        return entry;
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

    /// <summary>Opens the jobs that should be open, all at once: none waits for another's silo.</summary>
    private Task OpenJobsAsync() => Task.WhenAll(_market.ToOpen.ToList().Select(OpenJobAsync));

    private async Task OpenJobAsync(JobEntry job)
    {
        try
        {
            JobPhase phase = await JobGrain(job.Job).StartAsync(job.Round);
            if (JobPhases.IsEnd(phase) && !job.HasEnded)
            {
                // It had ended, and the word of it was lost.
                job.Demand = (job.Demand ?? new JobDemand { Job = job.Job, Phase = phase }) with { Phase = phase, Ready = 0, Round = job.Round };
            }
        }
        catch (Exception fault) when (fault is OrleansException or TimeoutException)
        {
            LogNotStarted(job.Job, fault.Message);
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

    [LoggerMessage(Level = LogLevel.Warning, Message = "store '{Store}' could not be listed, and is tried again: {Fault}")]
    private partial void LogNotListed(string store, string fault);

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Jobs} jobs of store '{Store}' could not be read, and are tried again: {Fault}")]
    private partial void LogNotRead(int jobs, string store, string fault);

    [LoggerMessage(Level = LogLevel.Warning, Message = "job {Job} could not be started, and is tried again: {Fault}")]
    private partial void LogNotStarted(string job, string fault);
}
