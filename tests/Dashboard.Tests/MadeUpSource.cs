using System.Collections.Immutable;
using MambaQuant.Dashboard.Watching;
using MambaQuant.Pipeline.Artifacts;
using MambaQuant.Pipeline.Driving;
using MambaQuant.Pipeline.Planning;
using MambaQuant.Testing;

namespace MambaQuant.Dashboard.Tests;

/// <summary>Jobs in memory, and a count of how often they were asked.</summary>
internal sealed class MadeUpSource : IJobSource
{
    private int _asked, _plansAsked;
    private Exception? _fault;

    /// <summary>The jobs.</summary>
    public List<MadeUpJob> Jobs { get; } = [];

    /// <summary>How often a job was asked for news.</summary>
    public int Asked => Volatile.Read(ref _asked);

    /// <summary>How often a plan was asked for.</summary>
    public int PlansAsked => Volatile.Read(ref _plansAsked);

    /// <summary>What a plan waits for before it is told.</summary>
    public Task PlanWaitsFor { get; set; } = Task.CompletedTask;

    /// <summary>Whether a question about a job waits for news however long that takes.</summary>
    public bool IsPatient { get; set; }

    /// <summary>What is wrong with the source; null for nothing.</summary>
    public string? Trouble { get; set; }

    /// <summary>What the list of jobs waits for before it is told.</summary>
    public Task ListWaitsFor { get; set; } = Task.CompletedTask;

    /// <summary>The next question about a job fails so, and that one alone.</summary>
    /// <param name="fault">How.</param>
    public void FailOnce(Exception fault) => Volatile.Write(ref _fault, fault);

    /// <inheritdoc/>
    public string Description { get; set; } = "a test";

    /// <inheritdoc/>
    public IArtifactStore Store { get; } = new MemoryArtifactStore();

    /// <summary>Adds a job.</summary>
    /// <param name="plan">The job.</param>
    /// <param name="model">Name of its model.</param>
    public MadeUpJob Add(WorkPlan plan, string model = "made-up")
    {
        var job = new MadeUpJob(plan, model);
        Jobs.Add(job);
        return job;
    }

    /// <summary>Puts what an item makes into the store.</summary>
    /// <param name="item">The item.</param>
    /// <param name="outputs">Names and contents.</param>
    public async Task PutAsync(WorkItem item, params (string Name, byte[] Content)[] outputs)
    {
        foreach ((string name, byte[] content) in outputs.Append((ItemOutputs.Receipt, "{}"u8.ToArray())))
        {
            await Store.PutIfAbsentAsync(WorkPlan.NameOf(item.Key, name), async (stream, token) => await stream.WriteAsync(content, token), CancellationToken.None);
        }
    }

    /// <inheritdoc/>
    public async Task<ImmutableArray<JobLine>> ListAsync(CancellationToken cancellation)
    {
        await ListWaitsFor.WaitAsync(cancellation);
        return Trouble is { } trouble ? throw new JobSourceException(trouble) : [.. Jobs.Select(job => job.Line)];
    }

    /// <inheritdoc/>
    public async Task<JobOverview?> WatchAsync(string job, long after, TimeSpan wait, CancellationToken cancellation)
    {
        Interlocked.Increment(ref _asked);
        if (Interlocked.Exchange(ref _fault, null) is { } fault)
        {
            throw fault;
        }

        if (Trouble is { } trouble)
        {
            throw new JobSourceException(trouble);
        }

        if (Jobs.Find(one => one.Plan.Id == job) is not { } found)
        {
            return null;
        }

        for (TimeSpan waited = TimeSpan.Zero; found.Version <= after && (waited < wait || (IsPatient && wait > TimeSpan.Zero)) && Trouble is null; waited += TimeSpan.FromMilliseconds(20))
        {
            await Task.Delay(20, cancellation);
        }

        return found.View(after);
    }

    /// <inheritdoc/>
    public async Task<WorkPlan?> PlanAsync(string job, CancellationToken cancellation)
    {
        Interlocked.Increment(ref _plansAsked);
        await PlanWaitsFor.WaitAsync(cancellation);
        return Jobs.Find(one => one.Plan.Id == job)?.Plan;
    }
}
