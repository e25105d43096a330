using System.Security.Cryptography;
using MambaQuant.Pipeline.Planning;

namespace MambaQuant.Dashboard.Watching;

/// <summary>The feeds of the jobs that pages show. Thread-safe.</summary>
/// <param name="source">Where jobs are watched.</param>
/// <param name="pictures">Keeps what is fetched as items finish.</param>
/// <param name="time">The clock.</param>
internal sealed class JobFeeds(IJobSource source, StoredPictures pictures, TimeProvider time) : IDisposable
{
    // A plan of ten thousand items takes some megabytes: feeds that nobody listens to are let go beyond this many.
    private const int MostKept = 16;

    private readonly Lock _gate = new();
    private readonly Dictionary<string, JobFeed> _feeds = new(StringComparer.Ordinal);
    private readonly SharedWork<WorkPlan?> _reading = new();

    // Names this process to pages that come back; reaches no result.
    private readonly string _epoch = RandomNumberGenerator.GetHexString(8, lowercase: true);

    /// <summary>Joins the feed of a job; the caller has to leave it.</summary>
    /// <param name="job">Identity of the job.</param>
    /// <param name="cancellation">Stops the reading of the plan.</param>
    /// <returns>Null where there is no such job.</returns>
    /// <exception cref="JobSourceException">The source cannot be asked.</exception>
    public async Task<JobFeed?> JoinAsync(string job, CancellationToken cancellation)
    {
        if (Find(job) is { } known)
        {
            return known;
        }

        WorkPlan? plan = await ReadAsync(job, cancellation);
        return plan is null ? null : Add(plan);
    }

    /// <summary>The plan of a job.</summary>
    /// <param name="job">Identity of the job.</param>
    /// <param name="cancellation">Stops the reading of the plan.</param>
    /// <returns>Null where there is no such job.</returns>
    /// <exception cref="JobSourceException">The source cannot be asked.</exception>
    public async Task<WorkPlan?> PlanAsync(string job, CancellationToken cancellation)
    {
        lock (_gate)
        {
            if (_feeds.TryGetValue(job, out JobFeed? feed))
            {
                return feed.Plan;
            }
        }

        return await ReadAsync(job, cancellation);
    }

    /// <summary>Whether a page listens to a job that has not come to its end.</summary>
    public bool IsAwaited
    {
        get
        {
            lock (_gate)
            {
                return _feeds.Values.Any(feed => feed.Pages > 0 && !feed.HasEnded);
            }
        }
    }

    /// <summary>Whether a page listens to a job of which something is still to be read.</summary>
    public bool IsReading
    {
        get
        {
            lock (_gate)
            {
                return _feeds.Values.Any(feed => feed.Pages > 0 && !feed.IsSettled);
            }
        }
    }

    /// <summary>Whether any page is open.</summary>
    public bool HasPages
    {
        get
        {
            lock (_gate)
            {
                return _feeds.Values.Any(feed => feed.Pages > 0);
            }
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        lock (_gate)
        {
            foreach (JobFeed feed in _feeds.Values)
            {
                feed.Dispose();
            }

            _feeds.Clear();
        }
    }

    private Task<WorkPlan?> ReadAsync(string job, CancellationToken cancellation) =>
        _reading.GetAsync(job, () => source.PlanAsync(job, CancellationToken.None), cancellation);

    private JobFeed? Find(string job)
    {
        lock (_gate)
        {
            if (_feeds.TryGetValue(job, out JobFeed? feed))
            {
                feed.Join();
            }

            return feed;
        }
    }

    private JobFeed Add(WorkPlan plan)
    {
        lock (_gate)
        {
            if (!_feeds.TryGetValue(plan.Id, out JobFeed? feed))
            {
                foreach (JobFeed idle in _feeds.Count < MostKept ? [] : _feeds.Values.Where(other => other.Pages == 0).ToArray())
                {
                    _feeds.Remove(idle.Plan.Id);
                    idle.Dispose();
                }

                _feeds.Add(plan.Id, feed = new JobFeed(source, plan, _epoch, pictures, time));
            }

            feed.Join();
            return feed;
        }
    }
}
