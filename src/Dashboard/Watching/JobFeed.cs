using System.Text.Json;
using MambaQuant.Pipeline.Artifacts;
using MambaQuant.Pipeline.Driving;
using MambaQuant.Pipeline.Planning;
using MambaQuant.Pipeline.Scheduling;

namespace MambaQuant.Dashboard.Watching;

/// <summary>Watches one job for all pages that show it: one loop asks the source, however many pages listen. Thread-safe.</summary>
/// <remarks>
/// The loop runs while a page is there, and a moment longer, so that a reload finds it where it was. A page that is slow, or was away, is sent the
/// difference between where it stands and where the feed stands: nothing is queued for anybody.
/// </remarks>
/// <param name="source">Where the job is watched.</param>
/// <param name="plan">The job.</param>
/// <param name="epoch">Tells this feed from those of other processes.</param>
/// <param name="pictures">Is asked for the pictures of what is done, while they are there: a run that ends takes its store with it.</param>
/// <param name="time">The clock.</param>
internal sealed class JobFeed(IJobSource source, WorkPlan plan, string epoch, StoredPictures pictures, TimeProvider time) : IDisposable
{
    /// <summary>Pages hear of changes at most four times a second.</summary>
    public static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(250);

    // As many places as pages may well stand at; of a job that has ended nothing else clears them.
    private const int MostPayloads = 32;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5), Linger = TimeSpan.FromSeconds(15), AfterTrouble = TimeSpan.FromSeconds(1);

    private readonly Lock _gate = new();
    private readonly JobMirror _mirror = new(plan.Graph.Items.Length);
    private readonly Dictionary<long, FeedPayload> _payloads = [];
    private readonly CancellationTokenSource _stop = new();
    private TaskCompletionSource _changed = Signal();
    private Task _fetching = Task.CompletedTask;
    private long _left;
    private int _pages;
    private bool _isWatching;
    private (long Version, string Owner) _known = (0, string.Empty);

    /// <summary>The job.</summary>
    public WorkPlan Plan => plan;

    /// <summary>Pages that listen.</summary>
    public int Pages
    {
        get
        {
            lock (_gate)
            {
                return _pages;
            }
        }
    }

    /// <summary>Whether the job has come to its end.</summary>
    public bool HasEnded
    {
        get
        {
            lock (_gate)
            {
                return _mirror.HasEnded;
            }
        }
    }

    /// <summary>Whether nothing more is read for this job: it has come to its end, and what there is of pictures is kept.</summary>
    public bool IsSettled
    {
        get
        {
            lock (_gate)
            {
                return _mirror.HasEnded && _fetching.IsCompleted;
            }
        }
    }

    /// <summary>Payloads that are kept for pages that stand at the same place.</summary>
    public int Payloads
    {
        get
        {
            lock (_gate)
            {
                return _payloads.Count;
            }
        }
    }

    /// <summary>A page comes; it must leave.</summary>
    public void Join()
    {
        lock (_gate)
        {
            _pages++;
            if (!_isWatching)
            {
                _isWatching = true;
                _ = Task.Run(WatchAsync);
            }
        }
    }

    /// <summary>A page goes.</summary>
    public void Leave()
    {
        lock (_gate)
        {
            _pages--;
            _left = time.GetTimestamp();
        }
    }

    /// <summary>Waits until there is something that a page does not have.</summary>
    /// <param name="position">Where the page stands.</param>
    /// <param name="wait">How long to wait.</param>
    /// <param name="cancellation">Ends the waiting.</param>
    /// <returns>Null where nothing came in that time.</returns>
    public async Task<FeedPayload?> NextAsync(FeedPosition position, TimeSpan wait, CancellationToken cancellation)
    {
        Task changed;
        lock (_gate)
        {
            if (PayloadFor(position) is { } payload)
            {
                return payload;
            }

            changed = _changed.Task;
        }

        try
        {
            await changed.WaitAsync(wait, time, cancellation);
        }
        catch (TimeoutException)
        {
            return null;
        }

        lock (_gate)
        {
            return PayloadFor(position);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _stop.Cancel();
        _stop.Dispose();
    }

    private static TaskCompletionSource Signal() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    private FeedPayload? PayloadFor(FeedPosition position)
    {
        // What a page names comes from outside: only places where a page can stand get a payload, and everything that stands for the whole gets one.
        long after = position.Epoch == epoch && !_mirror.IsWhole(position.Sequence) ? position.Sequence : 0;
        if (!_mirror.IsKnown && _mirror.Sequence == 0 || after == _mirror.Sequence)
        {
            return null;
        }

        // Most pages stand at the same place: what brings one up to date is written once.
        if (!_payloads.TryGetValue(after, out FeedPayload? payload))
        {
            byte[] json = _mirror.Write(after, out bool isWhole);
            if (_payloads.Count >= MostPayloads)
            {
                _payloads.Clear();
            }

            _payloads[after] = payload = new FeedPayload(isWhole ? "job" : "change", new FeedPosition(epoch, _mirror.Sequence), json);
        }

        return payload;
    }

    private async Task WatchAsync()
    {
        CancellationToken stop = _stop.Token;
        bool isLetGo = false;
        try
        {
            while (IsWanted())
            {
                await Task.Delay(await AskAsync(stop), time, stop);
            }

            isLetGo = true;
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            // The server goes.
        }
        finally
        {
            // Whoever joins next begins anew; where the loop was let go that was said already, and another one may run by now.
            if (!isLetGo)
            {
                lock (_gate)
                {
                    _isWatching = false;
                }
            }
        }
    }

    /// <summary>Asks the source once.</summary>
    /// <returns>The time that has to lie between this question and the next.</returns>
    private async Task<TimeSpan> AskAsync(CancellationToken stop)
    {
        long asked = time.GetTimestamp();
        try
        {
            JobOverview? overview = await source.WatchAsync(plan.Id, _known.Version, Patience, stop);
            if (overview is not null && overview.Owner != _known.Owner && _known.Version > 0)
            {
                // The changes are those since a version that the new owner may count otherwise.
                overview = await source.WatchAsync(plan.Id, 0, TimeSpan.Zero, stop);
            }

            if (overview is null)
            {
                Tell(mirror => mirror.Absorb("the job is not there any more"));
                return AfterTrouble;
            }

            bool isSame = _known == (overview.Version, overview.Owner);
            Tell(mirror =>
            {
                _fetching = FetchAsync(_fetching, DoneOf(overview), stop);
                return mirror.Absorb(overview);
            });
            _known = (overview.Version, overview.Owner);

            // A source that has nothing new should have waited; one that did not, say of a job that has ended, is not asked all the time.
            return isSame && time.GetElapsedTime(asked) < Pause ? AfterTrouble : Pause;
        }
        catch (Exception fault) when (!stop.IsCancellationRequested)
        {
            // Nobody wrote the words of what was not foreseen for people, so they stay here.
            string why = fault is JobSourceException or ArtifactStoreException ? fault.Message : fault.GetType().Name;
            Tell(mirror => mirror.Absorb($"the job cannot be asked at the moment: {why}"));
            return AfterTrouble;
        }
    }

    /// <summary>Items that a source tells to be done, and that the plan knows.</summary>
    private WorkItem[] DoneOf(JobOverview overview) =>
    [
        .. overview.Items
            .Where(change => change.Status == ItemStatus.Done && (uint)change.Item < (uint)plan.Graph.Items.Length)
            .Select(change => plan.Graph.Items[change.Item]),
    ];

    private async Task FetchAsync(Task before, WorkItem[] done, CancellationToken stop)
    {
        await before;
        await Task.Yield();
        foreach (WorkItem item in done.Where(item => item.Kind is WorkKind.Quantize or WorkKind.ResidualRotation))
        {
            try
            {
                await (item.Kind == WorkKind.Quantize ? pictures.OfLayerAsync(plan, item.First, stop) : pictures.OfRotationAsync(plan, stop));
            }
            catch (Exception fault) when (fault is JsonException or CorruptArtifactException)
            {
                // This one alone; a page that asks for it hears why.
            }
            catch (Exception) when (!stop.IsCancellationRequested)
            {
                return; // the store is away, or worse: pages ask themselves
            }
            catch (OperationCanceledException)
            {
                return;
            }
        }
    }

    private void Tell(Func<JobMirror, bool> absorb)
    {
        lock (_gate)
        {
            if (absorb(_mirror))
            {
                _payloads.Clear();
                _changed.SetResult();
                _changed = Signal();
            }
        }
    }

    private bool IsWanted()
    {
        lock (_gate)
        {
            return _isWatching = _pages > 0 || time.GetElapsedTime(_left) < Linger;
        }
    }
}
