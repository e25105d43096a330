using System.Collections.Immutable;
using System.Diagnostics;
using System.Globalization;
using System.Runtime.ExceptionServices;
using System.Security.Cryptography;
using MambaQuant.Pipeline.Artifacts;
using MambaQuant.Pipeline.Driving;
using MambaQuant.Pipeline.Execution;
using MambaQuant.Pipeline.Planning;
using MambaQuant.Pipeline.Scheduling;
using MambaQuant.Pipeline.Scheduling.Inputs;
using MambaQuant.Pipeline.Scheduling.Outputs;

namespace MambaQuant.Pipeline.Local;

/// <summary>Drives one job to its end with workers of this process.</summary>
/// <param name="plan">The job.</param>
/// <param name="store">The store.</param>
/// <param name="log">Hears what happens.</param>
internal sealed class LocalJob(WorkPlan plan, IArtifactStore store, LocalJobLog log)
{
    // Workers of one process share its processors: doing a slow item twice at once would only slow it further. A worker that is silent for
    // long computes something long; that it is alive is known here.
    private static readonly SchedulerOptions Options = new() { StragglerFloor = TimeSpan.FromDays(365) };

    // Half a minute in all: a store that is away for longer ends the run, which the same command continues.
    private const int MostJournalFailures = 6;

    private static readonly TimeSpan JournalPause = TimeSpan.FromSeconds(0.5);

    private readonly List<LocalWorker> _workers = [];
    private SchedulerDriver? _driver;
    private int[] _attemptsBefore = [];
    private int _reopened;

    /// <summary>What the job took so far; may be asked from any thread.</summary>
    public JobCounts Counts
    {
        get
        {
            SchedulerState? state = _driver?.State;
            return log.Counts(state is null ? 0 : _reopened + plan.Graph.Items.Sum(item => Math.Max(0, state.AttemptsOf(item.Index) - _attemptsBefore[item.Index] - 1)));
        }
    }

    /// <summary>Whether the checkpoint is there already, so that only what stands behind it is to do.</summary>
    /// <value>False by default: where it goes is no part of the store, so it is written by every run.</value>
    public bool IsAssembled { get; init; }

    /// <summary>Runs.</summary>
    /// <param name="workers">How many workers.</param>
    /// <param name="backends">Their backends.</param>
    /// <param name="executors">Makes the executor of a worker; it is owned.</param>
    /// <param name="time">The clock.</param>
    /// <param name="cancellation">Stops every worker at its next safe point.</param>
    /// <exception cref="OperationCanceledException">The job was stopped.</exception>
    /// <exception cref="EvaluationFailedException">The checkpoint is written, and could not be evaluated.</exception>
    public async Task RunAsync(
        int workers, IWorkerBackends backends, Func<int, WorkExecutor> executors, TimeProvider time, CancellationToken cancellation)
    {
        string owner = Owner();
        SchedulerDriver driver = await OpenAsync(owner, time, cancellation);
        Activity.Current = driver.Meter.Span ?? Activity.Current; // what is said from here on belongs to the job
        try
        {
            await RunAsync(driver, owner, workers, backends, executors, time, cancellation);
        }
        finally
        {
            driver.Close();
        }
    }

    private async Task RunAsync(
        SchedulerDriver driver, string owner, int workers, IWorkerBackends backends, Func<int, WorkExecutor> executors, TimeProvider time, CancellationToken cancellation)
    {
        foreach (string snapshot in driver.PassedOver)
        {
            log.Remark(snapshot);
        }

        // A checkpoint that a cluster has put into the store is none that lies where this job's has to go.
        int assemble = plan.Find(WorkKind.Assemble)!.Index;
        ImmutableArray<FinishedItem> done = [.. (await StoredItems.FindAsync(store, plan, log.Found, cancellation)).Where(item => item.Item != assemble)];
        if (IsAssembled)
        {
            done = [.. done, new FinishedItem(assemble, driver.State.ChecksumOf(assemble) ?? string.Empty)];
        }

        HashSet<int> isDone = [.. done.Select(item => item.Item)];

        // Attempts of a run that came to its end are none of this one's, but for what has to be made again; a checkpoint is made by every run.
        bool isOver = driver.State.Status is JobStatus.Finished;
        _attemptsBefore = [.. plan.Graph.Items.Select(item =>
            isOver && (isDone.Contains(item.Index) || item.Kind == WorkKind.Assemble) ? driver.State.AttemptsOf(item.Index) : 0)];

        // Of a process that was killed: the items are not to blame.
        driver.PostLost(driver.State.PresentWorkers, "the process ended", isDrained: true);
        var submitted = new JobSubmitted(driver.Now, plan.Id, plan.Request.Profile, Options, done);
        driver.Post(submitted with { Graph = plan.Graph });
        ImmutableArray<SchedulerOutput> first = await NextAsync(driver, time, CancellationToken.None);
        _driver = driver;
        log.Reuse(isDone);
        log.Begin(driver, owner);
        Act(driver, first);
        using var stop = new CancellationTokenSource();
        try
        {
            for (int index = 0; index < workers; index++)
            {
                _workers.Add(new LocalWorker(index, executors(index), backends, driver, plan.Id, log, stop.Token));
            }

            await DriveAsync(driver, time, stop, cancellation);
        }
        finally
        {
            await stop.CancelAsync();
            foreach (LocalWorker worker in _workers)
            {
                worker.Dispose();
            }
        }
    }

    private static string Owner() => string.Create(
        CultureInfo.InvariantCulture, $"local {Environment.ProcessId} {RandomNumberGenerator.GetHexString(8, lowercase: true)}"); // names an owner, reaches no result

    private async Task<SchedulerDriver> OpenAsync(string owner, TimeProvider time, CancellationToken cancellation)
    {
        // Before anything else: what the store's plans name is kept when the store is cleared.
        if (await StoredPlans.PutAsync(store, plan, cancellation) is { } fault)
        {
            log.DamagedPlan(plan.Id, store.Description, fault);
        }

        SchedulerDriver driver = await SchedulerDriver.OpenAsync(store, plan.Id, plan.Graph, owner, time, _ => true, cancellation);
        if (driver.Broken is { } broken)
        {
            log.Remark(JobTexts.JournalBeganAnew(broken));
        }

        return driver;
    }

    private async Task DriveAsync(SchedulerDriver driver, TimeProvider time, CancellationTokenSource stop, CancellationToken cancellation)
    {
        foreach (LocalWorker worker in _workers)
        {
            driver.Post(new WorkerJoined(driver.Now, worker.Name, long.MaxValue, plan.Request.Profile));
            driver.Post(new WorkRequested(driver.Now, worker.Name));
        }

        bool wasStale = false, wasWithoutSnapshot = false;
        using CancellationTokenRegistration registration = cancellation.Register(stop.Cancel);
        while (driver.State.Status is not (JobStatus.Finished or JobStatus.Failed or JobStatus.Cancelled))
        {
            if (cancellation.IsCancellationRequested && !driver.State.Leases.Any())
            {
                driver.Post(new Cancel(driver.Now, "stopped"));
            }

            ImmutableArray<SchedulerOutput> outputs = await NextAsync(driver, time, cancellation);
            Act(driver, outputs);

            if (driver.SnapshotFailure is { } failure && !wasWithoutSnapshot)
            {
                wasWithoutSnapshot = true;
                log.Remark(JobTexts.NoSnapshot(failure));
            }

            if (driver.Stale is { } stale && !wasStale)
            {
                wasStale = true;
                log.Remark($"{stale.Successor} works on the same job in '{store.Description}': both go on, and use what the other has made");
            }
        }

        if (driver.State.Status == JobStatus.Cancelled)
        {
            throw new OperationCanceledException(cancellation);
        }
    }

    /// <summary>Waits for the next outputs; a cancellation wakes once, when no worker is left that will come back.</summary>
    private async Task<ImmutableArray<SchedulerOutput>> NextAsync(SchedulerDriver driver, TimeProvider time, CancellationToken cancellation)
    {
        for (int failures = 0; ; failures++)
        {
            try
            {
                return await driver.NextAsync(cancellation.IsCancellationRequested ? CancellationToken.None : cancellation);
            }
            catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
            {
                return [];
            }
            catch (ArtifactStoreException fault) when (log.StoreMayRecover && failures < MostJournalFailures && fault is not CorruptArtifactException)
            {
                // Nothing changed: the driver has kept what it was told, and tries the same commit again.
                log.Remark($"the journal is tried again: {fault.Message}");
                await Task.Delay(JournalPause * (1 << failures), time, CancellationToken.None);
            }
        }
    }

    private void Act(SchedulerDriver driver, ImmutableArray<SchedulerOutput> outputs)
    {
        log.Watch.Hear(outputs);
        foreach (SchedulerOutput output in outputs)
        {
            Act(driver, output);
        }
    }

    private void Act(SchedulerDriver driver, SchedulerOutput output)
    {
        ImmutableArray<WorkItem> items = plan.Graph.Items;
        switch (output)
        {
            case Assign assign:
                log.Begin(items[assign.Item]);
                Find(assign.Worker).Assign(items[assign.Item], assign.Attempt, driver.Meter.ContextOf(assign.Item));
                break;
            case Revoke revoke:
                Find(revoke.Worker).Abandon(revoke.Item, revoke.Attempt);
                break;
            case Reopened reopened:
                log.Damaged(items[reopened.Item], reopened.Cause);
                _reopened += _attemptsBefore[reopened.Item] > 0 ? 1 : 0;
                break;
            case Returned { Reason: ReturnReason.Failed } returned when driver.State.Status != JobStatus.Failed:
                log.Say(JobTexts.TriedAgain(items[returned.Item].Label, returned.Cause));
                break;
            case Nondeterminism other when items[other.Item].Kind != WorkKind.Assemble:
                log.Say(JobTexts.Differs(items[other.Item].Label, other.FirstWorker, other.SecondWorker));
                break;
            case Failed failed:
                ExceptionDispatchInfo? failure = log.FailureOf(failed.Item);
                if (failure is not null && plan.Evaluation is not null && driver.State.StatusOf(plan.Find(WorkKind.Assemble)!.Index) == ItemStatus.Done)
                {
                    throw new EvaluationFailedException(failure.SourceException);
                }

                failure?.Throw();
                throw new InvalidOperationException(failed.Cause);
            default:
                break;
        }
    }

    private LocalWorker Find(string name) => _workers.Find(worker => worker.Name == name)!;
}
