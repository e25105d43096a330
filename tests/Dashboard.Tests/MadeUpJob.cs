using System.Collections.Immutable;
using MambaQuant.Dashboard.Watching;
using MambaQuant.Pipeline.Driving;
using MambaQuant.Pipeline.Planning;
using MambaQuant.Pipeline.Scheduling;

namespace MambaQuant.Dashboard.Tests;

/// <summary>A job that does what a test says. Thread-safe.</summary>
/// <param name="plan">The job.</param>
/// <param name="model">Name of the model, as it stands in the list.</param>
internal sealed class MadeUpJob(WorkPlan plan, string model)
{
    private readonly Lock _gate = new();
    private readonly ItemStatus[] _statuses = [.. plan.Graph.Items.Select(item => item.Needs.IsEmpty ? ItemStatus.Ready : ItemStatus.Waiting)];
    private readonly long[] _changedAt = [.. plan.Graph.Items.Select(_ => 1L)];
    private readonly List<NoticeOverview> _notices = [];
    private JobOverview _overview = new() { Job = plan.Id, Status = JobStatus.Running, Version = 1, Owner = "first", Store = "memory" };

    /// <summary>The job.</summary>
    public WorkPlan Plan => plan;

    /// <summary>Name of the model in the list.</summary>
    public string Model { get; set; } = model;

    /// <summary>Changes that are told besides those of the job's items.</summary>
    public ImmutableArray<ItemChange> More { get; set; } = [];

    /// <summary>The newest version.</summary>
    public long Version
    {
        get
        {
            lock (_gate)
            {
                return _overview.Version;
            }
        }
    }

    /// <summary>How it stands in the list.</summary>
    public JobLine Line
    {
        get
        {
            lock (_gate)
            {
                return new JobLine(plan.Id, Model, plan.Request.Recipe.Name, plan.Request.Recipe.Quantization!.Scheme.Name, _overview.Status);
            }
        }
    }

    /// <summary>How it stands.</summary>
    /// <param name="after">What is known already.</param>
    public JobOverview View(long after)
    {
        lock (_gate)
        {
            return _overview with
            {
                Notices = [.. _notices],
                Items = [.. Enumerable.Range(0, _statuses.Length).Where(item => _changedAt[item] > after).Select(item => new ItemChange(item, _statuses[item])), .. More],
            };
        }
    }

    /// <summary>Changes anything.</summary>
    /// <param name="change">How.</param>
    public void Change(Func<JobOverview, JobOverview> change)
    {
        lock (_gate)
        {
            _overview = change(_overview) with { Version = _overview.Version + 1 };
        }
    }

    /// <summary>Items stand otherwise now.</summary>
    /// <param name="status">How.</param>
    /// <param name="items">Which.</param>
    public void Set(ItemStatus status, params IEnumerable<int> items)
    {
        lock (_gate)
        {
            foreach (int item in items)
            {
                _statuses[item] = status;
                _changedAt[item] = _overview.Version + 1;
            }

            _overview = _overview with { Version = _overview.Version + 1, Made = _statuses.Count(one => one == ItemStatus.Done) };
        }
    }

    /// <summary>All items of a kind.</summary>
    /// <param name="kind">The kind.</param>
    public IEnumerable<int> Of(WorkKind kind) => plan.Graph.Items.Where(item => item.Kind == kind).Select(item => item.Index);

    /// <summary>Says something.</summary>
    /// <param name="kind">Of what kind.</param>
    /// <param name="text">What.</param>
    public void Say(NoticeKind kind, string text)
    {
        lock (_gate)
        {
            _notices.Add(new NoticeOverview(_notices.Count + 1, kind, 1_795_449_600_000 + (_notices.Count * 1000), text));
            _overview = _overview with { Version = _overview.Version + 1 };
        }
    }

    /// <summary>Another owner takes the job over: it counts notices anew.</summary>
    /// <param name="owner">Its name.</param>
    public void TakeOver(string owner)
    {
        lock (_gate)
        {
            _notices.Clear();
            _overview = _overview with { Owner = owner, Version = _overview.Version + 1 };
        }
    }

    /// <summary>Stages as they stand.</summary>
    /// <param name="stages">All of them.</param>
    public void Stages(params ImmutableArray<StageOverview> stages) => Change(overview => overview with { Stages = stages });

    /// <summary>Workers as they stand.</summary>
    /// <param name="workers">All of them.</param>
    public void Workers(params ImmutableArray<WorkerOverview> workers) => Change(overview => overview with { Workers = workers });
}
