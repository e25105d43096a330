using System.Collections.Immutable;
using System.Runtime.ExceptionServices;
using MambaQuant.Pipeline.Artifacts;
using MambaQuant.Pipeline.Driving;
using MambaQuant.Pipeline.Execution;
using MambaQuant.Pipeline.Inputs;
using MambaQuant.Pipeline.Planning;
using MambaQuant.Pipeline.Telemetry;
using MambaQuant.Quant.Checkpoints;
using MambaQuant.Quant.Datasets;
using MambaQuant.Quant.Kernels;
using MambaQuant.Quant.Method;
using MambaQuant.Quant.Models;
using MambaQuant.Quant.Recipes;
using MambaQuant.Quant.Safetensors;
using MambaQuant.Quant.Smoothing;
using MambaQuant.Quant.Statistics;
using MambaQuant.Quant.Tokenization;

namespace MambaQuant.Pipeline.Local;

/// <summary>One call of the embedded engine: one or several checkpoints of a model, with one work folder and one store.</summary>
/// <remarks>
/// Begun by <see cref="LocalEngine.Begin"/>. What the targets have in common is made once. Until <see cref="Complete"/> everything that was made is
/// kept, so that the same call goes on after a stop or a kill.
/// </remarks>
public sealed class LocalRun : IDisposable
{
    private readonly QuantizeOptions _options;
    private readonly IWorkerBackends _backends;
    private readonly TimeProvider _time;
    private readonly WorkFolder _folder;
    private readonly ImmutableArray<WorkPlan> _plans;
    private readonly FileHashes _hashes;
    private readonly IArtifactStore _store;
    private readonly ImmutableArray<JobWatch> _watches;
    private readonly bool _isFolder;
    private readonly int _workers;
    private bool _keepsWork = true;
    private bool _mayStillEvaluate;
    private bool _isInVain;

    private LocalRun(
        QuantizeOptions options, IWorkerBackends backends, TimeProvider time, ImmutableArray<WorkPlan> plans, FileHashes hashes, WorkFolder folder, IArtifactStore store)
    {
        _options = options;
        _backends = backends;
        _time = time;
        _plans = plans;
        _hashes = hashes;
        _folder = folder;
        _watches = [.. plans.Select(plan => new JobWatch(plan, store.Description, time))];
        options.Watch?.Begin(_watches, store);
        _store = new MeteredStore(store);
        _isFolder = store is DirectoryArtifactStore;
        int most = backends.MostWorkers ?? int.MaxValue;
        _workers = Math.Min(
            most, options.Workers ?? WorkerCount.Choose(plans, Environment.ProcessorCount, GC.GetGCMemoryInfo().TotalAvailableMemoryBytes));
    }

    /// <summary>The work folder, beside the output.</summary>
    public string WorkPath => _folder.Path;

    /// <summary>Workers that run at once.</summary>
    public int Workers => _workers;

    /// <summary>Begins a run: checks everything, plans, takes the work folder, opens the store.</summary>
    internal static LocalRun Begin(QuantizeOptions options, IWorkerBackends backends, TimeProvider time, CancellationToken cancellation)
    {
        options.Calibration.ThrowIfInvalid();
        foreach (QuantizeTarget target in options.Targets)
        {
            RecipeValidator.ThrowIfInvalid(target.Recipe);
        }

        if (options.Resume == ResumeMode.Never || !WorkFolder.IsLeft(options.OutputPath))
        {
            EnsureFree(options);
        }

        var hashes = new FileHashes();
        ImmutableArray<PlanRequest> requests = Requests(options, backends.Of(0), hashes);
        ImmutableArray<WorkPlan> plans = [.. requests.Select(WorkPlanner.Plan)];

        // Whoever adds, drops or changes the evaluation goes on with the same checkpoints.
        ImmutableArray<WorkPlan> about = [.. requests.Select(request => WorkPlanner.Plan(request with { Evaluation = null }))];
        WorkFolder folder = WorkFolder.Take(options.OutputPath, about, options.Resume);
        bool hasBegun = false;
        try
        {
            var run = new LocalRun(options, backends, time, plans, hashes, folder, OpenStore(options, folder, cancellation));
            run.EnsureTargets();
            hasBegun = true;
            return run;
        }
        finally
        {
            if (!hasBegun)
            {
                Leave(folder);
            }
        }
    }

    /// <summary>Makes one checkpoint, and evaluates it where that was asked for; one that an interrupted run of the same options finished is left as it is.</summary>
    /// <param name="target">One of the targets.</param>
    /// <param name="progress">Hears how far each stage is, from any thread, one call at a time.</param>
    /// <param name="cancellation">Stops the run at its next safe point; what was made is kept.</param>
    /// <exception cref="RunInterruptedException">The run was stopped.</exception>
    /// <exception cref="ArtifactStoreException">The store does not do its work.</exception>
    public QuantizeResult Quantize(QuantizeTarget target, IProgress<StageProgress> progress, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(target);
        int index = _options.Targets.IndexOf(target);
        ArgumentOutOfRangeException.ThrowIfNegative(index, nameof(target));
        var clock = new StageClock(progress, _time);
        clock.Report(Stages.Prepare, 0, 1, "steps");
        WorkPlan plan = _plans[index];
        clock.Report(Stages.Prepare, 1, 1, "steps");
        bool isFinished = IsFinished(target);
        if (isFinished && plan.Evaluation is null)
        {
            return Result(plan, target, [], wasFinished: true);
        }

        try
        {
            cancellation.ThrowIfCancellationRequested();
            return RunAsync(plan, target, clock, isFinished, cancellation).GetAwaiter().GetResult();
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
            throw new RunInterruptedException(_folder.Path, cancellation);
        }
        catch (Exception failure) when (_isInVain || FailsAgain(failure))
        {
            // The same command would fail the same way: nothing is worth keeping.
            _keepsWork = _folder.IsResumed;
            throw;
        }
    }

    /// <summary>Ends the run: removes the work folder, and with it the store where none was named.</summary>
    /// <remarks>But for an evaluation that may yet succeed: then it stays, and the same command goes on.</remarks>
    public void Complete() => _keepsWork = _mayStillEvaluate;

    /// <summary>Lets go of the work folder, which stays unless the run is complete.</summary>
    public void Dispose()
    {
        if (_keepsWork)
        {
            _folder.Dispose();
        }
        else
        {
            _options.Watch?.Close();
            _folder.Remove();
        }
    }

    private static void Leave(WorkFolder folder)
    {
        if (folder.IsResumed)
        {
            folder.Dispose();
        }
        else
        {
            folder.Remove();
        }
    }

    /// <summary>Failures of the model, the recipe or the data, as opposed to those of the machine or of this program.</summary>
    private static bool FailsAgain(Exception failure) =>
        failure is NonFiniteWeightException or NonFiniteActivationException or NumericalException or InvalidTextException
            or InsufficientTextException or InvalidTokenizerException or InvalidSafetensorsException or InvalidCheckpointException
            or UnsupportedSiteException or ArgumentException
        || (failure is AggregateException { InnerException: { } inner } && FailsAgain(inner));

    private static void EnsureFree(QuantizeOptions options)
    {
        foreach (QuantizeTarget target in options.Targets)
        {
            QuantizedCheckpointWriter.EnsureFree(target.OutputPath);
        }

        WorkFolder.EnsureOurs(options.OutputPath);
    }

    private static ImmutableArray<PlanRequest> Requests(QuantizeOptions options, IKernels kernels, FileHashes hashes)
    {
        using MambaCheckpoint checkpoint = MambaCheckpoint.Open(options.ModelPath);
        foreach (QuantizeTarget target in options.Targets)
        {
            RecipeValidator.ThrowIfInvalid(target.Recipe, MambaFamily.For(checkpoint.Config));
            ArgumentOutOfRangeException.ThrowIfGreaterThan(
                options.Calibration.SequenceLength, options.Calibration.LongestSequence(checkpoint.Config, target.Recipe), nameof(options));
        }

        ModelIdentity model = ModelIdentity.Of(checkpoint, hashes);
        CalibrationIdentity calibration = options.Calibration.Identify(checkpoint.Directory, options.Sequences);
        EvaluationIdentity? evaluation = options.Evaluation?.Identify(checkpoint.Directory);
        return [.. options.Targets.Select(target => new PlanRequest
        {
            Recipe = target.Recipe,
            Model = model,
            Calibration = calibration,
            Evaluation = evaluation,
            Profile = kernels.Profile,
            Options = options.Plan,
        })];
    }

    private static IArtifactStore OpenStore(QuantizeOptions options, WorkFolder folder, CancellationToken cancellation) => options.OpenStore is { } open
        ? open(cancellation).GetAwaiter().GetResult()
        : DirectoryArtifactStore.OpenOrCreate(folder.StorePath);

    private void EnsureTargets()
    {
        foreach (QuantizeTarget target in _options.Targets.Where(target => !IsFinished(target)))
        {
            QuantizedCheckpointWriter.EnsureFree(target.OutputPath);
        }
    }

    /// <summary>Whether the interrupted run that goes on had finished a target: all folders were free when it began, so what is there is its own.</summary>
    private bool IsFinished(QuantizeTarget target)
    {
        string recipe = Path.Combine(target.OutputPath, QuantizedCheckpointWriter.RecipeName);
        return _folder.IsResumed
            && File.Exists(Path.Combine(target.OutputPath, QuantizedCheckpointWriter.ManifestName))
            && File.Exists(recipe)
            && File.ReadAllText(recipe) == RecipeWriter.Write(target.Recipe);
    }

    private async Task<QuantizeResult> RunAsync(
        WorkPlan plan, QuantizeTarget target, StageClock clock, bool isAssembled, CancellationToken cancellation)
    {
        JobWatch watch = _watches.First(watch => watch.Plan == plan);
        var log = new LocalJobLog(clock, watch, _options.Notice) { StoreMayRecover = _options.StoreMayRecover && !_isFolder };
        if (_options.Driver is { } driver)
        {
            return await RunAsync(driver, plan, target, clock, log, isAssembled, cancellation);
        }

        var job = new LocalJob(plan, _store, log) { IsAssembled = isAssembled };
        var sink = new FolderCheckpointSink(target.OutputPath, () => RunFile.Write(Facts(log.Durations, job.Counts.WithOneMade()), _time));
        var options = new WorkExecutorOptions
        {
            Plan = plan,
            Store = _store,
            Kernels = _backends.Of(0),
            Model = ModelFolder.Open(_options.ModelPath),
            ScratchPath = _folder.ScratchPath(0),
            Sink = sink,
            Text = _options.Calibration.Source == CalibrationOptions.SelfSource ? null : () => new DiskFile(_options.Calibration.Source),
            EvaluationText = _options.Evaluation is { } evaluation ? () => new DiskFile(evaluation.Path) : null,
            Sequences = _options.Sequences,
            Hashes = _hashes,
            CacheBytes = Math.Min(ProcessMemory.LargestCacheBytes, GC.GetGCMemoryInfo().TotalAvailableMemoryBytes / (4 * _workers)),
        };
        Exception? failure = null;
        if (plan.Evaluation is not null)
        {
            // Nobody reads the last artifact within the job: whether it is damaged is seen now, so that it is made again.
            await StoredEvaluations.FindAsync(plan, _store, log.Found, cancellation);
        }

        try
        {
            await job.RunAsync(
                _workers,
                _backends,
                index => new WorkExecutor(options with { Kernels = _backends.Of(index), ScratchPath = _folder.ScratchPath(index) }),
                _time,
                cancellation);
        }
        catch (EvaluationFailedException failed)
        {
            // The checkpoint counts all the same; an evaluation that may yet succeed keeps what it needs.
            failure = failed.InnerException!;
            _mayStillEvaluate |= _folder.IsResumed || !FailsAgain(failure);
        }

        ImmutableArray<ImmutableArray<SmoothingChoice>> smoothing = isAssembled ? [] : await StoredChoices.ReadAsync(plan, _store, cancellation);
        QuantizeResult result = Result(plan, target, smoothing, isAssembled) with
        {
            Durations = log.Durations,
            Counts = job.Counts,
            Evaluation = plan.Evaluation is null || failure is not null ? null : await StoredEvaluations.FindAsync(plan, _store, log.Found, cancellation),
            FloatSpeed = SpeedOf(Stages.EvaluateFloat),
            QuantizedSpeed = SpeedOf(Stages.Evaluate),
            EvaluationFailure = failure,
        };
        return isAssembled ? result : result with { QuantizedBytes = sink.WrittenBytes };

        EvaluationSpeed? SpeedOf(string stage) => log.SpeedOf(stage) is { } speed ? new EvaluationSpeed(speed, _workers) : null;
    }

    /// <summary>Takes a request away: without one no cluster that has the same store takes the job for its own. How the job ended is not changed by it.</summary>
    private async Task WithdrawAsync(WorkPlan plan, LocalJobLog log)
    {
        try
        {
            await _store.DeleteAsync(StoredRequests.NameOf(plan.Id), CancellationToken.None);
        }
        catch (ArtifactStoreException fault)
        {
            log.Say($"'{StoredRequests.NameOf(plan.Id)}' could not be removed from the store, so that a cluster with this store may take up the job: {fault.Message}");
        }
    }

    /// <summary>Runs a job under another driver: the checkpoint comes to lie in the store first.</summary>
    private async Task<QuantizeResult> RunAsync(
        IJobDriver driver, WorkPlan plan, QuantizeTarget target, StageClock clock, LocalJobLog log, bool isAssembled, CancellationToken cancellation)
    {
        if (plan.Evaluation is not null)
        {
            await StoredEvaluations.FindAsync(plan, _store, log.Found, cancellation);
        }

        if (await StoredPlans.PutAsync(_store, plan, cancellation) is { } fault)
        {
            log.DamagedPlan(plan.Id, _store.Description, fault);
        }

        bool isKnown = await StoredRequests.FindAsync(_store, plan.Id, cancellation) is not null;
        await StoredRequests.PutAsync(_store, RequestOf(plan), cancellation);
        DrivenJob job;
        try
        {
            job = await driver.RunAsync(plan, _store, _workers, _folder.ScratchPath(0), new ClockProgress(clock), log.Watch, log.Say, cancellation);
        }
        finally
        {
            if (!isKnown)
            {
                await WithdrawAsync(plan, log);
            }
        }

        if (job.Failure is { } failure && (plan.Evaluation is null || await ItemReceipt.FindAsync(_store, plan.Find(WorkKind.Assemble)!.Key, cancellation) is null))
        {
            _isInVain = job.FailsAgain;
            ExceptionDispatchInfo.Throw(failure);
        }

        _mayStillEvaluate |= job.Failure is not null && (_folder.IsResumed || !job.FailsAgain);
        if (!isAssembled)
        {
            await CheckpointDownload.RunAsync(_store, plan, target.OutputPath, () => RunFile.Write(Facts(clock.Durations, job.Counts), _time), null, cancellation);
        }

        ImmutableArray<ImmutableArray<SmoothingChoice>> smoothing = isAssembled ? [] : await StoredChoices.ReadAsync(plan, _store, cancellation);
        ModelIdentity model = plan.Request.Model;
        return Result(plan, target, smoothing, isAssembled) with
        {
            QuantizedBytes = DiskNeed.ResultOf(model.Config, plan.Request.Recipe, !model.Config.TieEmbeddings),
            Durations = clock.Durations,
            Counts = job.Counts,
            Evaluation = plan.Evaluation is null || job.Failure is not null ? null : await StoredEvaluations.FindAsync(plan, _store, log.Found, cancellation),
            FloatSpeed = job.FloatSpeed,
            QuantizedSpeed = job.QuantizedSpeed,
            EvaluationFailure = job.Failure,
        };
    }

    private JobRequest RequestOf(WorkPlan plan) => new()
    {
        Job = plan.Id,
        Name = $"{plan.Request.Model.Name} {plan.Request.Recipe.Name}",
        Order = _time.GetUtcNow().ToUnixTimeMilliseconds(),
        Model = InputPlace.Mounted(Path.GetFullPath(_options.ModelPath)),
        Text = _options.Calibration.Source == CalibrationOptions.SelfSource ? InputPlace.Self : InputPlace.Mounted(Path.GetFullPath(_options.Calibration.Source)),
        EvaluationText = _options.Evaluation is { } evaluation ? InputPlace.Mounted(Path.GetFullPath(evaluation.Path)) : null,
    };

    private RunFacts Facts(ImmutableArray<StageDuration> durations, JobCounts counts) => new()
    {
        Workers = _workers,
        Model = Path.GetFullPath(_options.ModelPath),
        Calibration = _options.Calibration.Source,
        Durations = durations,
        Counts = counts,
    };

    private static QuantizeResult Result(
        WorkPlan plan, QuantizeTarget target, ImmutableArray<ImmutableArray<SmoothingChoice>> smoothing, bool wasFinished) => new()
        {
            OutputPath = target.OutputPath,
            FloatBytes = plan.Request.Model.TensorBytes,
            QuantizedBytes = wasFinished ? Directory.EnumerateFiles(target.OutputPath, "*.safetensors").Sum(file => new FileInfo(file).Length) : 0,
            CalibrationTokens = plan.Needs.Calibrates ? plan.Request.Calibration.TokenCount : 0,
            Smoothing = smoothing,
            Durations = [],
            Counts = new JobCounts(0, wasFinished ? plan.Graph.Items.Length : 0, 0, []),
            WasFinished = wasFinished,
        };
}
