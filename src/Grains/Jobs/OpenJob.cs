using System.Collections.Immutable;
using MambaQuant.Grains.Hosting;
using MambaQuant.Pipeline.Artifacts;
using MambaQuant.Pipeline.Driving;
using MambaQuant.Pipeline.Execution;
using MambaQuant.Pipeline.Planning;
using MambaQuant.Pipeline.Scheduling;

namespace MambaQuant.Grains.Jobs;

/// <summary>A job that is driven here.</summary>
/// <param name="Plan">The job.</param>
/// <param name="Conductor">Drives it.</param>
/// <param name="Board">What watchers see.</param>
/// <param name="Owner">Who drives it.</param>
internal sealed record OpenJob(WorkPlan Plan, JobConductor Conductor, JobBoard Board, string Owner) : IDisposable
{
    private readonly CancellationTokenSource _closing = new();

    /// <summary>What pumps the conductor, until it is closed.</summary>
    public Task Pump { get; private set; } = Task.CompletedTask;

    /// <summary>What writes down how it ended; null before it has.</summary>
    public Task? Ending { get; set; }

    /// <summary>Whether the job was left.</summary>
    public bool IsClosed { get; private set; }

    /// <summary>Cancelled when the job is left; not to be asked for after that.</summary>
    public CancellationToken Closing => _closing.Token;

    /// <summary>Reads a job, begins it or takes it over, and shuts out any other owner. Nothing is left of it where that fails.</summary>
    /// <param name="job">Identity of the job.</param>
    /// <param name="round">The round that the job is to be in: one that ended in an earlier one, or before it came to a cluster, goes on.</param>
    /// <param name="owner">Who drives it.</param>
    /// <param name="options">The silo.</param>
    /// <param name="isGone">Whether a slot is known to be gone.</param>
    /// <param name="time">The clock.</param>
    /// <param name="pump">Pumps it until it is closed; throws nothing.</param>
    /// <param name="cancellation">Stops what is read.</param>
    /// <exception cref="InvalidPlanException">The plan cannot be read.</exception>
    /// <exception cref="ArtifactStoreException">The store cannot be read.</exception>
    public static async Task<OpenJob> OpenAsync(
        string job,
        int round,
        string owner,
        MambaQuantSiloOptions options,
        Func<string, bool> isGone,
        TimeProvider time,
        Func<OpenJob, Task> pump,
        CancellationToken cancellation)
    {
        OpenJob opened = await ReadAsync(job, owner, options, time, cancellation);
        opened.Pump = pump(opened);
        bool hasBegun = false;
        try
        {
            await opened.BeginAsync(round, options, isGone, cancellation);
            opened.Board.Base(opened.Conductor.Version);
            hasBegun = true;
            return opened;
        }
        finally
        {
            if (!hasBegun)
            {
                await opened.CloseAsync();
            }
        }
    }

    /// <summary>Leaves the job to others: whoever waits for an answer hears that there is none, and the pump ends soon.</summary>
    public void Close()
    {
        if (!IsClosed)
        {
            IsClosed = true;
            _closing.Cancel();
        }

        Conductor.Close();
    }

    /// <summary>Leaves the job to others, and waits for the end of the pump.</summary>
    public async Task CloseAsync()
    {
        Close();
        await Pump;
        Dispose();
    }

    /// <inheritdoc/>
    public void Dispose() => _closing.Dispose();

    /// <summary>Reads a job's plan and journal. Nobody is shut out before <see cref="BeginAsync"/>, but where the journal cannot be read, and begins anew.</summary>
    /// <param name="job">Identity of the job.</param>
    /// <param name="owner">Who drives it.</param>
    /// <param name="options">The silo.</param>
    /// <param name="time">The clock.</param>
    /// <param name="cancellation">Stops the reading.</param>
    /// <exception cref="InvalidPlanException">The plan cannot be read.</exception>
    /// <exception cref="ArtifactStoreException">The store cannot be read.</exception>
    private static async Task<OpenJob> ReadAsync(
        string job, string owner, MambaQuantSiloOptions options, TimeProvider time, CancellationToken cancellation)
    {
        WorkPlan plan = await StoredPlans.ReadAsync(options.Store, job, cancellation);
        var board = new JobBoard(plan, time);
        var conducted = new ConductedJob(plan.Id, plan.Graph, plan.Request.Profile, board);
        return new OpenJob(plan, await JobConductor.OpenAsync(conducted, owner, options.Store, time, cancellation), board, owner);
    }

    /// <summary>Begins the job or takes it over: the first commit, which shuts out any other owner. Somebody has to pump meanwhile.</summary>
    /// <param name="round">The round that the job is to be in: one that ended in an earlier one goes on.</param>
    /// <param name="options">The silo.</param>
    /// <param name="isGone">Whether a slot is known to be gone.</param>
    /// <param name="cancellation">Stops what is read.</param>
    /// <exception cref="ArtifactStoreException">The store cannot be read.</exception>
    private async Task BeginAsync(int round, MambaQuantSiloOptions options, Func<string, bool> isGone, CancellationToken cancellation)
    {
        SchedulerState state = Conductor.State;
        if (state.Status == JobStatus.Running)
        {
            await Conductor.AdoptAsync(Owner, options.Scheduling, isGone);
        }
        else if (state.Status == JobStatus.Absent || state.Round is null || state.Round < round)
        {
            ImmutableArray<FinishedItem> done = await StoredItems.FindAsync(options.Store, Plan, Board.Damaged, cancellation);
            await Conductor.SubmitAsync(new ConductedJob(Plan.Id, Plan.Graph, Plan.Request.Profile, Board), options.Scheduling, done, round);
        }
    }
}
