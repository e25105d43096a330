using System.Collections.Immutable;
using System.Threading.Channels;
using MambaQuant.Pipeline.Artifacts;
using MambaQuant.Pipeline.Planning;
using MambaQuant.Pipeline.Scheduling;
using MambaQuant.Pipeline.Scheduling.Inputs;
using MambaQuant.Pipeline.Scheduling.Outputs;
using MambaQuant.Pipeline.Telemetry;

namespace MambaQuant.Pipeline.Driving;

/// <summary>Feeds the scheduler of one job: gathers what happened, writes it to the journal in one commit, and gives out what is to be done.</summary>
/// <remarks><see cref="Post"/> and <see cref="Close"/> may be called from any thread, everything else from one at a time.</remarks>
public sealed class SchedulerDriver
{
    // Milliseconds; a clock that jumped back would otherwise make a wait of hours.
    private const long LongestWait = 30_000;

    private readonly Channel<PostedInput> _inbox = Channel.CreateUnbounded<PostedInput>();
    private readonly TimeProvider _time;
    private readonly long _started;
    private readonly Func<LeaseName, bool> _isAlive;
    private readonly Lock _closing = new();
    private readonly List<PostedInput> _batch = [];
    private bool _isTurning, _isClosed;
    private JournaledScheduler? _journaled;
    private volatile DrivenState _at;
    private long? _wake;

    private SchedulerDriver(JournaledScheduler journaled, string job, WorkGraph graph, TimeProvider time, Func<LeaseName, bool> isAlive)
    {
        _journaled = journaled;
        _at = new DrivenState(journaled.State, journaled.Commits);
        Meter = new JobMeter(job, graph, () => _at.State);
        Broken = journaled.Broken;
        PassedOver = journaled.PassedOver;
        _time = time;
        _isAlive = isAlive;
        _started = time.GetTimestamp();
    }

    /// <summary>How the job stands.</summary>
    public SchedulerState State => _at.State;

    /// <summary>How the job stands, and how many commits led there; may be asked from any thread.</summary>
    public DrivenState At => _at;

    /// <summary>Measures the job for as long as it is driven here.</summary>
    public JobMeter Meter { get; }

    /// <summary>The driver's clock: milliseconds since it was opened.</summary>
    public long Now => (long)_time.GetElapsedTime(_started).TotalMilliseconds;

    /// <summary>Why the journal that was there could not be read, so that it began anew; null where it could.</summary>
    public Exception? Broken { get; }

    /// <summary>Snapshots of the journal that could not be used when it was opened, and why: for people.</summary>
    public ImmutableArray<string> PassedOver { get; }

    /// <summary>Why the last snapshot of the journal could not be put; null where it was. The journal is whole without it.</summary>
    public ArtifactStoreException? SnapshotFailure => _journaled?.SnapshotFailure;

    /// <summary>Why the journal is not written any more: somebody else drives the same job; null while it is.</summary>
    public StaleOwnerException? Stale { get; private set; }

    /// <summary>
    /// Whether somebody else driving the job ends this driver: <see cref="NextAsync"/> then throws. Otherwise both go on, this one without a journal.
    /// </summary>
    /// <value>False by default.</value>
    public bool StepsDown { get; private init; }

    /// <summary>Opens a job where its journal ends.</summary>
    /// <param name="store">The store with the journal; not owned.</param>
    /// <param name="job">Identity of the job.</param>
    /// <param name="graph">Its work.</param>
    /// <param name="owner">Who drives it: a name that no other owner of the job ever has.</param>
    /// <param name="time">The clock.</param>
    /// <param name="isAlive">Whether the holder of a lease is at work; asked before each tick, and answered with a renewal.</param>
    /// <param name="cancellation">Stops the reading.</param>
    /// <param name="stepsDown">See <see cref="StepsDown"/>.</param>
    /// <exception cref="ArtifactStoreException">The store cannot be read, or a new journal not be begun.</exception>
    public static async Task<SchedulerDriver> OpenAsync(
        IArtifactStore store,
        string job,
        WorkGraph graph,
        string owner,
        TimeProvider time,
        Func<LeaseName, bool> isAlive,
        CancellationToken cancellation,
        bool stepsDown = false)
    {
        ArgumentNullException.ThrowIfNull(time);
        ArgumentNullException.ThrowIfNull(isAlive);
        JournaledScheduler journaled = await JournaledScheduler.OpenAsync(store, job, graph, owner, cancellation).ConfigureAwait(false);
        var driver = new SchedulerDriver(journaled, job, graph, time, isAlive) { StepsDown = stepsDown };
        driver.Meter.Link(await StoredTrace.FindOrPutAsync(store, job, driver.Meter.Span, cancellation).ConfigureAwait(false));
        return driver;
    }

    /// <summary>Tells what happened.</summary>
    /// <param name="input">The input, at a time of <see cref="Now"/>.</param>
    public void Post(SchedulerInput input) => _inbox.Writer.TryWrite(new PostedInput(input, null));

    /// <summary>Tells what happened, and hears when the scheduler has taken it and the journal has it.</summary>
    /// <param name="input">The input, at a time of <see cref="Now"/>.</param>
    /// <returns>What the scheduler said to this input. Ends with the failure that ended the driver where it did not get so far.</returns>
    public Task<ImmutableArray<SchedulerOutput>> PostAsync(SchedulerInput input)
    {
        var taken = new TaskCompletionSource<ImmutableArray<SchedulerOutput>>(TaskCreationOptions.RunContinuationsAsynchronously);
        if (!_inbox.Writer.TryWrite(new PostedInput(input, taken)))
        {
            taken.SetException(Closed());
        }

        return taken.Task;
    }

    /// <summary>Tells that workers are gone, in an order in which none of them is given what another of them held: those that waited go first.</summary>
    /// <param name="workers">Their names.</param>
    /// <param name="cause">Why, for people.</param>
    /// <param name="isDrained">Whether their items are not to blame.</param>
    public void PostLost(IEnumerable<string> workers, string cause, bool isDrained)
    {
        HashSet<string> holders = [.. State.Leases.Select(lease => lease.Worker)];
        foreach (string worker in workers.OrderBy(holders.Contains).ToList())
        {
            Post(new WorkerLost(Now, worker, cause, isDrained));
        }
    }

    /// <summary>Ends the driver: whoever waits for an input to be taken hears that it was not.</summary>
    public void Close()
    {
        lock (_closing)
        {
            _isClosed = true;
            Meter.Dispose();
            _inbox.Writer.TryComplete();
            if (!_isTurning)
            {
                Refuse();
            }
        }
    }

    /// <summary>Waits until something happens or the scheduler wants to be woken, and lets it decide.</summary>
    /// <param name="cancellation">Ends the waiting; a commit that has begun is completed.</param>
    /// <returns>What to do and to tell, in this order.</returns>
    /// <exception cref="OperationCanceledException">The waiting was ended.</exception>
    /// <exception cref="ArtifactStoreException">The journal cannot be written; nothing changed, and the next call tries the same inputs again.</exception>
    /// <exception cref="StaleOwnerException">Somebody else drives the job, and this driver <see cref="StepsDown"/>.</exception>
    /// <exception cref="ObjectDisposedException">The driver is closed.</exception>
    public async Task<ImmutableArray<SchedulerOutput>> NextAsync(CancellationToken cancellation)
    {
        lock (_closing)
        {
            ObjectDisposedException.ThrowIf(_isClosed, this);
            _isTurning = true;
        }

        try
        {
            return await TurnAsync(cancellation).ConfigureAwait(false);
        }
        finally
        {
            lock (_closing)
            {
                _isTurning = false;
                if (_isClosed)
                {
                    Refuse();
                }
            }
        }
    }

    private static ObjectDisposedException Closed() => new(nameof(SchedulerDriver), "the job is not driven here any more");

    /// <summary>Tells whoever waits for an input that it was not taken.</summary>
    private void Refuse()
    {
        while (_inbox.Reader.TryRead(out PostedInput posted))
        {
            _batch.Add(posted);
        }

        _batch.ForEach(posted => posted.Taken?.TrySetException(Closed()));
        _batch.Clear();
    }

    private async Task<ImmutableArray<SchedulerOutput>> TurnAsync(CancellationToken cancellation)
    {
        if (_batch.Count == 0)
        {
            await WaitAsync(cancellation).ConfigureAwait(false);
        }

        List<SchedulerInput> inputs = [.. _batch.Select(posted => posted.Input)];
        ImmutableArray<ImmutableArray<SchedulerOutput>> said = await StepAsync(inputs).ConfigureAwait(false);
        ImmutableArray<SchedulerOutput> outputs = [.. said.SelectMany(each => each)];
        Meter.Hear(inputs, outputs);
        foreach (SchedulerOutput output in outputs)
        {
            _wake = output is WakeAt wake ? wake.At : _wake;
        }

        for (int index = 0; index < _batch.Count; index++)
        {
            _batch[index].Taken?.TrySetResult(said[index]);
        }

        _batch.Clear();
        return outputs;
    }

    private async Task WaitAsync(CancellationToken cancellation)
    {
        if (!_inbox.Reader.TryPeek(out _))
        {
            await WaitForInboxAsync(cancellation).ConfigureAwait(false);
        }

        while (_inbox.Reader.TryRead(out PostedInput posted))
        {
            _batch.Add(posted);
        }

        // However much is said, what time brings is not put off by it: leases end, and pauses.
        long now = Now;
        if (_batch.Count == 0 || _wake <= now)
        {
            // An alarm may ring a moment early: the time that was asked for stays asked for until it has come.
            _wake = _wake <= now ? null : _wake;
            _batch.AddRange(State.Leases.Where(_isAlive).Select(lease => new PostedInput(new LeaseRenewed(now, lease.Worker, lease.Item, lease.Attempt, 0), null)));
            _batch.Add(new PostedInput(new Tick(now), null));
        }
    }

    /// <summary>Returns when there is an input, or when it is time for a tick.</summary>
    /// <exception cref="ObjectDisposedException">There will be no input any more.</exception>
    private async Task WaitForInboxAsync(CancellationToken cancellation)
    {
        using CancellationTokenSource? alarm = _wake is { } wake
            ? new CancellationTokenSource(TimeSpan.FromMilliseconds(Math.Clamp(wake - Now, 1, LongestWait)), _time)
            : null;
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellation, alarm?.Token ?? CancellationToken.None);
        try
        {
            if (!await _inbox.Reader.WaitToReadAsync(either.Token).ConfigureAwait(false))
            {
                throw Closed();
            }
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            return;
        }
    }

    private async Task<ImmutableArray<ImmutableArray<SchedulerOutput>>> StepAsync(List<SchedulerInput> inputs)
    {
        if (_journaled is not null)
        {
            try
            {
                ImmutableArray<ImmutableArray<SchedulerOutput>> outputs = await _journaled.StepEachAsync(inputs, CancellationToken.None).ConfigureAwait(false);
                _at = new DrivenState(_journaled.State, _journaled.Commits);
                return outputs;
            }
            catch (StaleOwnerException stale) when (!StepsDown)
            {
                // What items make is the same whoever makes it: both go on, and the journal is the other's.
                Stale = stale;
                _journaled = null;
            }
        }

        ImmutableArray<ImmutableArray<SchedulerOutput>>.Builder unjournaled = ImmutableArray.CreateBuilder<ImmutableArray<SchedulerOutput>>(inputs.Count);
        foreach (SchedulerInput input in inputs)
        {
            SchedulerStep step = Scheduler.Step(_at.State, input);
            _at = _at with { State = step.State };
            unjournaled.Add(step.Outputs);
        }

        return unjournaled.DrainToImmutable();
    }

    private readonly record struct PostedInput(SchedulerInput Input, TaskCompletionSource<ImmutableArray<SchedulerOutput>>? Taken);
}
