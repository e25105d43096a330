using System.Collections.Concurrent;
using MambaQuant.Grains.Contracts;
using MambaQuant.Grains.Hosting;
using MambaQuant.Pipeline.Execution;
using MambaQuant.Pipeline.Planning;
using MambaQuant.Pipeline.Scheduling;
using MambaQuant.Pipeline.Telemetry;

namespace MambaQuant.Grains.Workers;

/// <summary>Computes: one thread, one item at a time, with the executor of the job that the slot works for.</summary>
internal sealed class SlotRunner : IDisposable
{
    private readonly MambaQuantSiloOptions _options;
    private readonly IExecutorFactory _executors;
    private readonly int _place;
    private readonly Action<Assignment, WorkReport> _ended;
    private readonly BlockingCollection<Assignment?> _assignments = [];
    private readonly WorkerMeter _meter = new();
    private readonly TaskCompletionSource _over = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private (string Job, WorkPlan Plan, WorkExecutor Executor)? _open;

    /// <summary>Starts the thread.</summary>
    /// <param name="options">The silo.</param>
    /// <param name="executors">Makes executors.</param>
    /// <param name="place">The slot's place among those of the silo.</param>
    /// <param name="ended">Hears how items ended, on the thread.</param>
    public SlotRunner(MambaQuantSiloOptions options, IExecutorFactory executors, int place, Action<Assignment, WorkReport> ended)
    {
        _options = options;
        _executors = executors;
        _place = place;
        _ended = ended;
        new Thread(Run) { IsBackground = true, Name = options.Slots[place].Device }.Start();
    }

    /// <summary>Completes when the thread has ended.</summary>
    public Task Over => _over.Task;

    /// <summary>Gives it an item; it is run behind those that it has.</summary>
    /// <param name="assignment">The item.</param>
    public void Add(Assignment assignment) => _assignments.Add(assignment);

    /// <summary>Frees what is kept for the next item of the same job, behind the items that it has: there may be none for long.</summary>
    public void Rest()
    {
        try
        {
            _assignments.Add(null);
        }
        catch (InvalidOperationException) when (_assignments.IsAddingCompleted)
        {
            // The thread ends, and frees everything.
            return;
        }
    }

    /// <summary>Lets the thread end behind the items that it has; does not wait for it. May be called again.</summary>
    public void Dispose()
    {
        // Not disposed of: the thread may wait on it still, or come back to it behind its item.
        _assignments.CompleteAdding();
    }

    private void Run()
    {
        try
        {
            foreach (Assignment? assignment in _assignments.GetConsumingEnumerable())
            {
                if (assignment is null)
                {
                    Close();
                    continue;
                }

                _ended(assignment, Execute(assignment));
            }

            Close();
        }
        finally
        {
            _meter.Dispose();
            _over.SetResult();
        }
    }

    private WorkReport Execute(Assignment assignment)
    {
        (int item, int attempt) = assignment.Lease;
        CancellationToken stop = assignment.Stop.Token, abandon = assignment.Abandon.Token;
        try
        {
            (WorkPlan plan, WorkExecutor executor) = Open(assignment.Job, abandon);
            WorkResult result = Execute(plan.Graph.Items[item], executor, assignment);

            return new WorkReport { Item = item, Attempt = attempt, Kind = ReportKind.Completed, Checksum = result.Checksum, Differing = result.Disagreements, Asks = true };
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested || abandon.IsCancellationRequested)
        {
            return new WorkReport { Item = item, Attempt = attempt, Kind = ReportKind.Released, Cause = "stopped", Asks = true };
        }
        catch (InputLostException lost)
        {
            return new WorkReport { Item = item, Attempt = attempt, Kind = ReportKind.InputLost, Cause = lost.Message, LostItem = lost.Producer, Asks = true };
        }
        catch (Exception failure) when (FailureKinds.Of(failure) is var found)
        {
            ReportKind kind = found == WorkFailure.Transient ? ReportKind.FailedForNow : ReportKind.FailedForGood;
            return new WorkReport { Item = item, Attempt = attempt, Kind = kind, Cause = failure.Message, Fault = failure.GetType().Name, Asks = true };
        }
    }

    private WorkResult Execute(WorkItem item, WorkExecutor executor, Assignment assignment)
    {
        using ItemMeter meter = _meter.Begin(assignment.Job, item, assignment.Lease.Attempt, Tracing.Read(assignment.Lease.Trace));
        try
        {
            using IDisposable computing = _options.Backends.Begin();
            WorkResult result = executor.ExecuteAsync(item, assignment, assignment.Stop.Token, assignment.Abandon.Token).GetAwaiter().GetResult();
            meter.Complete(result.WasDone);
            return result;
        }
        catch (Exception failure) when (failure is not OperationCanceledException)
        {
            meter.Fail(failure);
            throw;
        }
    }

    private (WorkPlan Plan, WorkExecutor Executor) Open(string job, CancellationToken cancellation)
    {
        if (_open is not { } open || open.Job != job)
        {
            Close();
            WorkPlan plan = StoredPlans.ReadAsync(_options.Store, job, cancellation).GetAwaiter().GetResult();
            string scratch = ScratchFolder.Of(_options, _place);
            var place = new ExecutorPlace(plan, _options.Store, _options.Backends.Of(_place), scratch, _options.CacheBytes);
            _open = open = (job, plan, _executors.OpenAsync(place, cancellation).GetAwaiter().GetResult());
        }

        return (open.Plan, open.Executor);
    }

    private void Close()
    {
        _open?.Executor.Dispose();
        _open = null;
    }
}
