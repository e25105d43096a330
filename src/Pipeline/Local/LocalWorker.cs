using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using MambaQuant.Pipeline.Artifacts;
using MambaQuant.Pipeline.Driving;
using MambaQuant.Pipeline.Execution;
using MambaQuant.Pipeline.Planning;
using MambaQuant.Pipeline.Scheduling;
using MambaQuant.Pipeline.Scheduling.Inputs;
using MambaQuant.Pipeline.Telemetry;

namespace MambaQuant.Pipeline.Local;

/// <summary>A worker of this process: one thread, one executor with its own cache, one item at a time.</summary>
internal sealed class LocalWorker : IDisposable
{
    private readonly WorkExecutor _executor;
    private readonly IWorkerBackends _backends;
    private readonly SchedulerDriver _driver;
    private readonly string _job;
    private readonly WorkerMeter _meter = new();
    private readonly LocalJobLog _log;
    private readonly CancellationToken _stop;
    private readonly BlockingCollection<Assignment> _assignments = [];
    private readonly Thread _thread;
    private Assignment? _current;

    /// <summary>Starts a worker.</summary>
    /// <param name="index">Its index.</param>
    /// <param name="executor">Runs items; owned.</param>
    /// <param name="backends">Hears when it computes.</param>
    /// <param name="driver">Hears what becomes of items.</param>
    /// <param name="job">Identity of the job.</param>
    /// <param name="log">Hears of progress and failures.</param>
    /// <param name="stop">Ends items at their next safe point.</param>
    public LocalWorker(int index, WorkExecutor executor, IWorkerBackends backends, SchedulerDriver driver, string job, LocalJobLog log, CancellationToken stop)
    {
        Name = NameOf(index);
        _executor = executor;
        _backends = backends;
        _driver = driver;
        _job = job;
        _log = log;
        _stop = stop;
        _thread = new Thread(Run) { IsBackground = true, Name = Name };
        _thread.Start();
    }

    /// <summary>Its name for the scheduler.</summary>
    public string Name { get; }

    /// <summary>The name of a worker.</summary>
    /// <param name="index">Its index.</param>
    public static string NameOf(int index) => string.Create(CultureInfo.InvariantCulture, $"local-{index}");

    /// <summary>Gives it an item.</summary>
    /// <param name="item">The item.</param>
    /// <param name="attempt">The attempt.</param>
    /// <param name="stage">The span that it is a part of.</param>
    public void Assign(WorkItem item, int attempt, ActivityContext stage) => _assignments.Add(new Assignment(item, attempt, stage, new CancellationTokenSource()));

    /// <summary>Ends an attempt whose lease is over.</summary>
    /// <param name="item">Index of the item.</param>
    /// <param name="attempt">The attempt.</param>
    public void Abandon(int item, int attempt)
    {
        if (Volatile.Read(ref _current) is { } current && current.Item.Index == item && current.Attempt == attempt)
        {
            current.Abandoned.Cancel();
        }
    }

    /// <summary>Ends the thread behind the item that it runs.</summary>
    public void Dispose()
    {
        _assignments.CompleteAdding();
        _thread.Join();
        _assignments.Dispose();
        _executor.Dispose();
        _meter.Dispose();
    }

    private void Run()
    {
        foreach (Assignment assignment in _assignments.GetConsumingEnumerable())
        {
            Volatile.Write(ref _current, assignment);
            SchedulerInput end = Execute(assignment);
            Volatile.Write(ref _current, null);
            _driver.Post(end);
            if (end is not WorkCompleted && !_stop.IsCancellationRequested)
            {
                _driver.Post(new WorkRequested(_driver.Now, Name));
            }
        }
    }

    private SchedulerInput Execute(Assignment assignment)
    {
        (WorkItem item, int attempt, ActivityContext stage, CancellationTokenSource abandoned) = assignment;
        using ItemMeter meter = _meter.Begin(_job, item, attempt, stage);
        try
        {
            WorkResult result;
            using (_backends.Begin())
            {
                result = _executor.ExecuteAsync(item, new Renewals(this, attempt), _stop, abandoned.Token).GetAwaiter().GetResult();
            }

            meter.Complete(result.WasDone);
            _log.Completed(item, result);
            return new WorkCompleted(_driver.Now, Name, item.Index, attempt, result.Checksum, Asks: !_stop.IsCancellationRequested);
        }
        catch (OperationCanceledException) when (_stop.IsCancellationRequested || abandoned.IsCancellationRequested)
        {
            return new WorkReleased(_driver.Now, Name, item.Index, attempt, "stopped");
        }
        catch (InputLostException lost)
        {
            meter.Fail(lost);
            return new WorkFailed(_driver.Now, Name, item.Index, attempt, WorkFailure.InputLost, lost.Message, lost.Producer) { Fault = lost.GetType().Name };
        }
        catch (Exception failure) when (_log.Keep(item, failure))
        {
            meter.Fail(failure);
            // What a disk of this machine refuses it refuses again; what lies behind a network may come back.
            bool isTransient = FailureKinds.Of(failure) == WorkFailure.Transient && failure is ArtifactStoreException && _log.StoreMayRecover;
            return new WorkFailed(_driver.Now, Name, item.Index, attempt, isTransient ? WorkFailure.Transient : WorkFailure.Permanent, failure.Message)
            {
                Fault = failure.GetType().Name,
            };
        }
    }

    /// <summary>Shows people how far an item is, and tells the scheduler of every checkpoint, so that an attempt that got further counts as progress.</summary>
    private sealed class Renewals(LocalWorker worker, int attempt) : IProgress<ItemProgress>
    {
        private int _told;

        public void Report(ItemProgress value)
        {
            worker._log.Report(worker.Name, attempt, value);
            if (value.Checkpoint > _told)
            {
                _told = value.Checkpoint;
                worker._driver.Post(new LeaseRenewed(worker._driver.Now, worker.Name, value.Item, attempt, value.Checkpoint));
            }
        }
    }

    private sealed record Assignment(WorkItem Item, int Attempt, ActivityContext Stage, CancellationTokenSource Abandoned);
}
