using MambaQuant.Client.Failures;
using MambaQuant.Client.Progress;
using MambaQuant.Grains.Contracts;
using MambaQuant.Grains.Jobs;
using MambaQuant.Pipeline.Driving;
using MambaQuant.Pipeline.Local;

namespace MambaQuant.Client.Cluster;

/// <summary>Follows a job to its end, over lost connections and changes of who drives it.</summary>
/// <param name="link">The cluster.</param>
/// <param name="time">The clock.</param>
internal sealed class JobFollower(ClusterLink link, TimeProvider time)
{
    // As long as a job lets a watcher wait, which is less.
    private static readonly TimeSpan Wait = TimeSpan.FromSeconds(10);

    private const int PatienceWithStrangers = 6;

    /// <summary>Is shown the job whenever something has changed.</summary>
    /// <value>Nobody by default.</value>
    public Action<JobView>? Seen { get; init; }

    private readonly Dictionary<string, long> _told = new(StringComparer.Ordinal);
    private readonly Dictionary<string, StageView> _stages = new(StringComparer.Ordinal);
    private string _said = string.Empty;
    private int _slots;

    /// <summary>Follows.</summary>
    /// <param name="job">The job.</param>
    /// <param name="progress">Hears how far it is.</param>
    /// <param name="cancellation">Ends the waiting; the job goes on.</param>
    /// <exception cref="ClusterException">The cluster knows no such job.</exception>
    public async Task<JobEnd> FollowAsync(string job, IRunProgress progress, CancellationToken cancellation)
    {
        var clock = new StageClock(progress, time);
        Action<string> before = link.Say;
        link.Say = progress.Say;
        try
        {
            return await FollowAsync(job, clock, progress, cancellation);
        }
        finally
        {
            link.Say = before;
        }
    }

    private async Task<JobEnd> FollowAsync(string job, StageClock clock, IRunProgress progress, CancellationToken cancellation)
    {
        long seen = 0;
        for (int unknown = 0, round = 0; ; round++)
        {
            TimeSpan wait = round == 0 ? TimeSpan.Zero : Wait;
            JobView view = await link.CallAsync(cluster => cluster.ViewAsync(job, seen, wait), patience: null, cancellation);
            Tell(view, clock, progress);
            if (view.HasEnded)
            {
                return new JobEnd
                {
                    Phase = view.Phase,
                    Cause = view.Cause,
                    Fault = view.Fault,
                    Counts = view.Items.IsEmpty ? null : new JobCounts(view.Made, view.Reused, view.Repeated, view.Damaged),
                    Slots = _slots,
                    Durations = clock.Durations,
                    Rates = _stages.ToDictionary(stage => stage.Key, stage => stage.Value.PerSecond, StringComparer.Ordinal),
                };
            }

            // A cluster that has just started may not have read its store yet.
            unknown = view.Phase == JobPhase.Unknown ? unknown + 1 : 0;
            if (unknown > 0 && view.Cause.Length > 0)
            {
                throw new ClusterException(ExitCodes.ClusterUnavailable, $"{link.Description} has no job {job} to watch: {view.Cause}. Submit it with the command that planned it, as 'submit'");
            }

            if (unknown == PatienceWithStrangers)
            {
                throw new ClusterException(ExitCodes.ClusterUnavailable, $"{link.Description} does not know job {job}: its store is '{view.Store}'. Submit the job there, or name the cluster that has it");
            }

            seen = view.Version;
        }
    }

    private void Tell(JobView view, StageClock clock, IRunProgress progress)
    {
        Seen?.Invoke(view);
        _slots = Math.Max(_slots, view.Slots.Length);
        foreach (JobNotice notice in view.Notices.Where(notice => notice.Number > _told.GetValueOrDefault(view.Owner)))
        {
            _told[view.Owner] = notice.Number;
            if (JobViews.KindOf(notice) != NoticeKind.Failure) // the end says that
            {
                progress.Say($"warning: {notice.Text}");
            }
        }

        string state = view switch
        {
            { HasEnded: true } => _said,
            { Phase: JobPhase.Queued } => "the job waits for its turn",
            { Phase: JobPhase.Opening, Cause.Length: > 0 } => view.Cause,
            { Phase: JobPhase.Running, Slots.IsEmpty: true } => "no slot works for the job at this moment",
            { Phase: JobPhase.Running } => string.Empty,
            _ => _said,
        };
        if (state != _said && state.Length > 0)
        {
            progress.Say(state);
        }

        _said = state;
        foreach (StageView stage in view.Stages.Where(stage => _stages.GetValueOrDefault(stage.Stage) is not { } before || (before.Done, before.Total) != (stage.Done, stage.Total)))
        {
            _stages[stage.Stage] = stage;
            clock.Report(stage.Stage, stage.Done, stage.Total, stage.Unit);
        }
    }
}
