using System.Collections.Immutable;
using MambaQuant.Grains.Contracts;
using MambaQuant.Pipeline.Driving;
using MambaQuant.Pipeline.Planning;
using MambaQuant.Pipeline.Scheduling;

namespace MambaQuant.Grains.Jobs;

/// <summary>Between what a job looks like and how that travels.</summary>
public static class JobViews
{
    /// <summary>As it travels.</summary>
    /// <param name="overview">A job that is open.</param>
    /// <param name="plan">The job.</param>
    internal static JobView Of(JobOverview overview, WorkPlan plan) => new()
    {
        Job = overview.Job,
        Phase = JobPhases.Of(overview.Status),
        Cause = overview.Cause,
        Version = overview.Version,
        Owner = overview.Owner,
        Store = overview.Store,
        Stages = [.. overview.Stages.Select(stage => new StageView
        {
            Stage = stage.Stage,
            Done = stage.Done,
            Total = stage.Total,
            Unit = stage.Unit,
            PerSecond = stage.PerSecond,
            Seconds = stage.Seconds,
        })],
        Items = [.. overview.Kinds.Select(kind => new ItemCount
        {
            Kind = kind.Kind.ToString(),
            Waiting = kind.Waiting,
            Ready = kind.Ready,
            Running = kind.Running,
            Done = kind.Done,
            Unneeded = kind.Unneeded,
        })],
        Slots = [.. overview.Workers.Select(worker => ViewOf(worker, plan))],
        Notices = [.. overview.Notices.Select(notice => new JobNotice(notice.Number, notice.Text) { Kind = (int)notice.Kind, At = notice.At })],
        Made = overview.Made,
        Reused = overview.Reused,
        Repeated = overview.Repeated,
        Damaged = overview.Damaged,
        Fault = overview.Fault,
        Changed = [.. overview.Items.Select(item => new ItemView(item.Item, (int)item.Status))],
    };

    /// <summary>As it is looked at. What another version of this program sent and this one does not know is left out.</summary>
    /// <param name="view">What travelled.</param>
    public static JobOverview ToOverview(JobView view)
    {
        ArgumentNullException.ThrowIfNull(view);
        return new JobOverview
        {
            Job = view.Job,
            Status = JobPhases.StatusOf(view.Phase),
            Cause = view.Cause,
            Version = view.Version,
            Owner = view.Owner,
            Store = view.Store,
            Stages = [.. view.Stages.Select(stage => new StageOverview(stage.Stage, stage.Done, stage.Total, stage.Unit, stage.PerSecond) { Seconds = stage.Seconds })],
            Kinds =
            [
                .. view.Items.Where(count => Enum.TryParse<WorkKind>(count.Kind, out _)).Select(count => new KindOverview(
                    Enum.Parse<WorkKind>(count.Kind), count.Waiting, count.Ready, count.Running, count.Done, count.Unneeded)),
            ],
            Workers = [.. view.Slots.Select(slot => new WorkerOverview(
                slot.Slot, slot.Device, slot.ItemIndex, slot.Attempt, slot.Done, slot.Total, slot.Unit, slot.Seconds, slot.ItemsMade))],
            Notices = [.. view.Notices.Select(notice => new NoticeOverview(notice.Number, KindOf(notice), notice.At, notice.Text))],
            Items = Changes(view),
            Made = view.Made,
            Reused = view.Reused,
            Repeated = view.Repeated,
            Damaged = view.Damaged,
            Fault = view.Fault,
        };
    }

    /// <summary>What kind of thing a notice tells.</summary>
    /// <param name="notice">The notice.</param>
    public static NoticeKind KindOf(JobNotice notice)
    {
        ArgumentNullException.ThrowIfNull(notice);
        return Enum.IsDefined((NoticeKind)notice.Kind) ? (NoticeKind)notice.Kind : NoticeKind.Remark;
    }

    private static ImmutableArray<ItemChange> Changes(JobView view) =>
    [
        .. view.Changed.Select(item => new ItemChange(item.Item, (ItemStatus)item.Status)).Where(change => Enum.IsDefined(change.Status)),
    ];

    private static SlotView ViewOf(WorkerOverview worker, WorkPlan plan) => new()
    {
        Slot = worker.Name,
        Device = worker.Device,
        Item = worker.Item is { } item ? plan.Graph.Items[item].Label : null,
        ItemIndex = worker.Item,
        Attempt = worker.Attempt,
        Done = worker.Done,
        Total = worker.Total,
        Unit = worker.Unit,
        Seconds = worker.Seconds,
        ItemsMade = worker.ItemsMade,
    };
}
