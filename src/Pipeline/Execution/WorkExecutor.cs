using MambaQuant.Pipeline.Artifacts;
using MambaQuant.Pipeline.Inputs;
using MambaQuant.Pipeline.Planning;

namespace MambaQuant.Pipeline.Execution;

/// <summary>Runs work items, one at a time: reads their inputs from the store, computes, puts their outputs, and last the receipt.</summary>
/// <remarks>
/// The same under every driver. What an item puts depends on its key only: not on the worker, its threads, its cache, or on how often it was
/// interrupted. Not thread-safe: one executor a worker.
/// </remarks>
public sealed class WorkExecutor : IDisposable
{
    private readonly WorkExecutorOptions _options;
    private readonly Workbench _bench;

    /// <summary>Makes an executor.</summary>
    /// <param name="options">Plan, store, backend, model.</param>
    /// <exception cref="ArgumentException">The backend computes otherwise than the plan says.</exception>
    public WorkExecutor(WorkExecutorOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        if (options.Kernels.Profile != options.Plan.Request.Profile)
        {
            throw new ArgumentException(
                $"the plan is for the numerics profile '{options.Plan.Request.Profile}', this worker has '{options.Kernels.Profile}'", nameof(options));
        }

        _options = options;
        _bench = new Workbench(options);
        Directory.CreateDirectory(options.ScratchPath);
    }

    /// <summary>Runs an item; one that is done already costs a look at its receipt.</summary>
    /// <param name="item">An item of the plan whose needs are done.</param>
    /// <param name="progress">Hears how far it is, a sign of life, from the computing thread; null for nobody.</param>
    /// <param name="stop">Ends the item at its next safe point; a pass keeps what it has done where that pays.</param>
    /// <param name="abandon">Ends the item as soon as can be, keeping nothing more: for a lease that is lost.</param>
    /// <exception cref="InputLostException">An input is missing or corrupt; it was removed, and its producer has to run again.</exception>
    /// <exception cref="ChangedInputException">A file of the model, or the text, is not the one that the job was planned for.</exception>
    /// <exception cref="OperationCanceledException">It was stopped or abandoned.</exception>
    /// <exception cref="ArtifactStoreException">The store does not do its work.</exception>
    public async Task<WorkResult> ExecuteAsync(
        WorkItem item, IProgress<ItemProgress>? progress, CancellationToken stop, CancellationToken abandon)
    {
        ArgumentNullException.ThrowIfNull(item);
        stop.ThrowIfCancellationRequested();
        _bench.BeginItem();
        ItemSession session = Session(item, abandon);
        bool staysInStore = item.Kind != WorkKind.Assemble || _options.Sink is { KeepsInStore: true };
        if (staysInStore && await session.ReceiptAsync() is { } done)
        {
            return new WorkResult(item.Index, done, WasDone: true, []);
        }

        List<ItemSession> companions = await CompanionsAsync(item, abandon);
        var reporter = new ItemReporter(item.Index, progress);
        ItemReceipt receipt = await RunAsync(session, companions, reporter, stop);
        return new WorkResult(
            item.Index, receipt, WasDone: false, [.. session.Disagreements, .. companions.SelectMany(companion => companion.Disagreements)]);
    }

    /// <summary>Frees what was kept between items.</summary>
    public void Dispose() => _bench.Dispose();

    private Task<ItemReceipt> RunAsync(ItemSession session, List<ItemSession> companions, ItemReporter reporter, CancellationToken stop)
    {
        var layers = new LayerStage(_bench);
        var model = new ModelStage(_bench);
        var evaluation = new EvaluationStage(_bench);
        return session.Item.Kind switch
        {
            WorkKind.Tokenize => model.TokenizeAsync(session, reporter, stop),
            WorkKind.ObserveTransformed when _bench.Needs.IsSequential => new SequentialStage(_bench).RunAsync(session, reporter),
            WorkKind.ObserveOriginal or WorkKind.ObserveRanges or WorkKind.ObserveMoments or WorkKind.ObserveRotated or WorkKind.ObserveTransformed =>
                new ObserveStage(_bench).RunAsync(session, companions, reporter, stop),
            WorkKind.ReduceOriginal or WorkKind.ReduceRanges or WorkKind.ReduceMoments or WorkKind.ReduceRotated or WorkKind.ReduceTransformed =>
                model.ReduceAsync(session, stop),
            WorkKind.ResidualRotation => model.RotateAsync(session),
            WorkKind.SearchSmoothing => layers.SearchAsync(session, reporter, stop),
            WorkKind.Transform => layers.TransformAsync(session),
            WorkKind.Quantize when session.Item.First == _bench.Config.LayerCount => layers.QuantizeEndsAsync(session, reporter, stop),
            WorkKind.Quantize => layers.QuantizeAsync(session, reporter, stop),
            WorkKind.TokenizeEvaluation => evaluation.TokenizeAsync(session, stop),
            WorkKind.EvaluateFloat => evaluation.RunFloatAsync(session, reporter, stop),
            WorkKind.Evaluate => evaluation.RunQuantizedAsync(session, reporter, stop),
            WorkKind.ReduceEvaluation => evaluation.ReduceAsync(session),
            WorkKind.Assemble => model.AssembleAsync(session, reporter, stop),
            _ => throw new ArgumentException($"{session.Item.Label}: this program does not know how to do it", nameof(session)),
        };
    }

    /// <summary>The items that observe the same layers of the original model on the same shard and are still to be done.</summary>
    private async Task<List<ItemSession>> CompanionsAsync(WorkItem item, CancellationToken abandon)
    {
        var companions = new List<ItemSession>();
        foreach (WorkKind kind in item.Kind == WorkKind.ObserveOriginal ? (WorkKind[])[WorkKind.ObserveRanges, WorkKind.ObserveMoments] : [])
        {
            if (_options.Plan.Find(kind, item.First, item.Shard) is { } found && Session(found, abandon) is var session && await session.ReceiptAsync() is null)
            {
                companions.Add(session);
            }
        }

        return companions;
    }

    private ItemSession Session(WorkItem item, CancellationToken abandon) =>
        new(_options.Plan, item, _options.Store, _options.ScratchPath, abandon);
}
