using System.Collections.Immutable;
using MambaQuant.Grains.Hosting;
using MambaQuant.Grains.Placement;
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
internal sealed record OpenJob(WorkPlan Plan, JobConductor Conductor, JobBoard Board, string Owner)
{
    /// <summary>Reads a job's plan and journal. Nobody is shut out before <see cref="BeginAsync"/>.</summary>
    /// <param name="job">Identity of the job.</param>
    /// <param name="owner">Who drives it.</param>
    /// <param name="options">The silo.</param>
    /// <param name="time">The clock.</param>
    /// <param name="cancellation">Stops the reading.</param>
    /// <exception cref="InvalidPlanException">The plan cannot be read.</exception>
    /// <exception cref="ArtifactStoreException">The store cannot be read.</exception>
    public static async Task<OpenJob> ReadAsync(
        string job, string owner, MambaQuantSiloOptions options, TimeProvider time, CancellationToken cancellation)
    {
        WorkPlan plan = await StoredPlans.ReadAsync(options.Store, job, cancellation);
        var board = new JobBoard(plan, time);
        var conducted = new ConductedJob(plan.Id, plan.Graph, plan.Request.Profile, board);
        try
        {
            return new OpenJob(plan, await JobConductor.OpenAsync(conducted, owner, options.Store, time, cancellation), board, owner);
        }
        catch (Exception broken) when (broken is InvalidJournalException or CorruptArtifactException)
        {
            board.Say(NoticeKind.Damage, JobTexts.JournalRemoved(broken));
            await Journal.DeleteAsync(options.Store, job, cancellation);
            return new OpenJob(plan, await JobConductor.OpenAsync(conducted, owner, options.Store, time, cancellation), board, owner);
        }
    }

    /// <summary>Begins the job or takes it over: the first commit, which shuts out any other owner. Somebody has to pump meanwhile.</summary>
    /// <param name="again">Whether a job that has ended is to go on.</param>
    /// <param name="options">The silo.</param>
    /// <param name="members">The cluster.</param>
    /// <param name="cancellation">Stops what is read.</param>
    /// <exception cref="ArtifactStoreException">The store cannot be read.</exception>
    public async Task BeginAsync(bool again, MambaQuantSiloOptions options, SiloMembers members, CancellationToken cancellation)
    {
        if (Conductor.State.Status == JobStatus.Running)
        {
            await Conductor.AdoptAsync(Owner, members.IsGone);
        }
        else if (Conductor.State.Status == JobStatus.Absent || again)
        {
            ImmutableArray<FinishedItem> done = await StoredItems.FindAsync(options.Store, Plan, Board.Damaged, cancellation);
            await Conductor.SubmitAsync(new ConductedJob(Plan.Id, Plan.Graph, Plan.Request.Profile, Board), options.Scheduling, done);
        }
    }
}
