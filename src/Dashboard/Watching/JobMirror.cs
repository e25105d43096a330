using System.Buffers;
using System.Collections.Immutable;
using System.Text.Json;
using MambaQuant.Pipeline.Driving;

namespace MambaQuant.Dashboard.Watching;

/// <summary>What pages know of a job, with the number of the change that each piece is of, so that any page can be brought up to date from wherever it stands.</summary>
/// <remarks>Not thread-safe. Memory: nine bytes an item.</remarks>
/// <param name="items">Items of the job.</param>
internal sealed class JobMirror(int items)
{
    // The page keeps as many notices. Names of workers that are gone are kept for pages that are behind: of more than these, such a page gets everything.
    private const int MostNotices = 200, MostGone = 1000;

    private static readonly JsonWriterOptions Unindented = new() { Indented = false };

    private readonly byte[] _statuses = new byte[items];
    private readonly long[] _changedAt = new long[items];
    private readonly Dictionary<string, (StageOverview Value, long ChangedAt)> _stages = new(StringComparer.Ordinal);
    private readonly Dictionary<string, (WorkerOverview Value, long ChangedAt)> _workers = new(StringComparer.Ordinal);
    private readonly Dictionary<string, long> _goneAt = new(StringComparer.Ordinal);
    private readonly List<(NoticeOverview Value, long ChangedAt)> _notices = [];
    private JobOverview? _last;
    private string _trouble = string.Empty;
    private long _headChangedAt, _wholeAt, _troubleChangedAt;

    /// <summary>The number of the last change; 0 before the first.</summary>
    public long Sequence { get; private set; }

    /// <summary>Whether anything is known of the job.</summary>
    public bool IsKnown => _last is not null;

    /// <summary>Whether the job has come to its end.</summary>
    public bool HasEnded => _last is { HasEnded: true };

    /// <summary>Takes in how the job stands.</summary>
    /// <param name="overview">How; with all items where it is of another owner than the one before.</param>
    /// <returns>Whether anything is new.</returns>
    public bool Absorb(JobOverview overview)
    {
        ArgumentNullException.ThrowIfNull(overview);
        long next = Sequence + 1;
        bool isNew = Head(overview, next);
        foreach (ItemChange change in overview.Items)
        {
            if ((uint)change.Item < (uint)_statuses.Length && (_changedAt[change.Item] == 0 || _statuses[change.Item] != (byte)change.Status))
            {
                (_statuses[change.Item], _changedAt[change.Item], isNew) = ((byte)change.Status, next, true);
            }
        }

        isNew |= Stages(overview.Stages, next) | Workers(overview.Workers, next) | Notices(overview.Notices, next) | Say(string.Empty, next);
        _last = overview with { Items = [] };
        Sequence = isNew ? next : Sequence;
        return isNew;
    }

    /// <summary>Takes in that the source cannot be asked.</summary>
    /// <param name="trouble">Why, for people.</param>
    /// <returns>Whether that is new.</returns>
    public bool Absorb(string trouble)
    {
        bool isNew = Say(trouble, Sequence + 1);
        Sequence += isNew ? 1 : 0;
        return isNew;
    }

    /// <summary>Whether a page is sent everything.</summary>
    /// <param name="after">The last change that it says it has; any number.</param>
    public bool IsWhole(long after) => after <= 0 || after < _wholeAt || after > Sequence;

    /// <summary>What brings a page up to date.</summary>
    /// <param name="after">The last change that it has; 0 for none.</param>
    /// <param name="isWhole">Whether the content is everything, whatever the page has.</param>
    /// <returns>One line of JSON.</returns>
    public byte[] Write(long after, out bool isWhole)
    {
        isWhole = IsWhole(after);
        long from = isWhole ? 0 : after;
        var buffer = new ArrayBufferWriter<byte>(isWhole ? 1024 + _statuses.Length : 1024);
        using (var json = new Utf8JsonWriter(buffer, Unindented))
        {
            json.WriteStartObject();
            if (_last is { } overview)
            {
                Write(json, overview, from, isWhole);
            }

            if (_troubleChangedAt > from || isWhole)
            {
                json.WriteString("trouble", _trouble);
            }

            json.WriteEndObject();
        }

        return buffer.WrittenSpan.ToArray();
    }

    private void Write(Utf8JsonWriter json, JobOverview overview, long from, bool isWhole)
    {
        if (_headChangedAt > from)
        {
            OverviewJson.WriteHead(json, overview);
        }

        OverviewJson.WriteStages(json, _stages.Values.Where(stage => stage.ChangedAt > from).Select(stage => stage.Value));
        OverviewJson.WriteWorkers(json, _workers.Values.Where(worker => worker.ChangedAt > from).Select(worker => worker.Value));
        if (isWhole)
        {
            OverviewJson.WriteStatuses(json, _statuses);
        }
        else
        {
            OverviewJson.WriteGone(json, _goneAt.Where(worker => worker.Value > from).Select(worker => worker.Key));
            OverviewJson.WriteChanges(json, _statuses, _changedAt, from);
        }

        OverviewJson.WriteNotices(json, _notices.Where(notice => notice.ChangedAt > from).Select(notice => notice.Value));
    }

    private bool Head(JobOverview now, long next)
    {
        if (_last is { } before && before.Owner == now.Owner && OverviewJson.HeadIsEqual(before, now))
        {
            return false;
        }

        if (_last is null || _last.Owner != now.Owner)
        {
            // Numbers of notices begin anew, and nothing is known of what the owner before had told.
            _notices.Clear();
            _stages.Clear();
            _wholeAt = next;
        }

        _headChangedAt = next;
        return true;
    }

    private bool Stages(ImmutableArray<StageOverview> stages, long next)
    {
        bool isNew = false;
        foreach (StageOverview whole in stages)
        {
            // No page shows for how long a stage has been at work: it would be news all the time.
            StageOverview stage = whole with { Seconds = 0 };
            if (!_stages.TryGetValue(stage.Stage, out var known) || known.Value != stage)
            {
                _stages[stage.Stage] = (stage, next);
                isNew = true;
            }
        }

        return isNew;
    }

    private bool Workers(ImmutableArray<WorkerOverview> workers, long next)
    {
        bool isNew = false;
        foreach (WorkerOverview worker in workers)
        {
            // Of the seconds alone a page knows itself: they pass there too.
            if (!_workers.TryGetValue(worker.Name, out var known) || known.Value with { Seconds = worker.Seconds } != worker)
            {
                _workers[worker.Name] = (worker, next);
                _goneAt.Remove(worker.Name);
                isNew = true;
            }
        }

        if (_workers.Count > workers.Length)
        {
            HashSet<string> present = [.. workers.Select(worker => worker.Name)];
            foreach (string gone in _workers.Keys.Where(name => !present.Contains(name)).ToArray())
            {
                _workers.Remove(gone);
                _goneAt[gone] = next;
                isNew = true;
            }

            if (_goneAt.Count > MostGone)
            {
                _goneAt.Clear();
                _wholeAt = next;
            }
        }

        return isNew;
    }

    private bool Notices(ImmutableArray<NoticeOverview> notices, long next)
    {
        long last = _notices.Count == 0 ? 0 : _notices[^1].Value.Number;
        int before = _notices.Count;
        _notices.AddRange(notices.Where(notice => notice.Number > last).Select(notice => (notice, next)));
        bool isNew = _notices.Count > before;
        _notices.RemoveRange(0, Math.Max(0, _notices.Count - MostNotices));
        return isNew;
    }

    private bool Say(string trouble, long next)
    {
        if (_trouble == trouble)
        {
            return false;
        }

        (_trouble, _troubleChangedAt) = (trouble, next);
        return true;
    }
}
