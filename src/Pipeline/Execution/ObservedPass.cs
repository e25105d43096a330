using System.Diagnostics;
using MambaQuant.Pipeline.Artifacts;
using MambaQuant.Pipeline.Planning;
using MambaQuant.Pipeline.Telemetry;
using MambaQuant.Quant.Datasets;
using MambaQuant.Quant.Method;
using MambaQuant.Quant.Models;
using MambaQuant.Quant.Rotations;
using MambaQuant.Quant.Statistics;
using MambaQuant.Quant.Tensors;

namespace MambaQuant.Pipeline.Execution;

/// <summary>One run of a block of layers over a shard: what is observed, and where it goes.</summary>
internal sealed class ObservedPass
{
    private readonly Workbench _bench;
    private readonly ItemReporter _reporter;
    private readonly Rotation? _residual;
    private readonly int _samples;
    private readonly bool _pools;

    /// <summary>Prepares a run.</summary>
    /// <param name="bench">What the worker has.</param>
    /// <param name="session">The item.</param>
    /// <param name="companions">Items that observe the same layers and shard and are done along with it.</param>
    /// <param name="residual">The rotation of the residual stream, or null.</param>
    /// <param name="ends">The same, ready to fold; not owned.</param>
    /// <param name="reporter">Hears how far it is.</param>
    public ObservedPass(
        Workbench bench, ItemSession session, List<ItemSession> companions, Rotation? residual, EndsFolder? ends, ItemReporter reporter)
    {
        _bench = bench;
        _reporter = reporter;
        _residual = residual;
        Session = session;
        Companions = companions;
        Ends = ends;
        Context = bench.Context(session.Abandon);
        bool isOriginal = Item.Kind == WorkKind.ObserveOriginal;
        _pools = isOriginal && bench.Needs.PoolsResidual;
        _samples = isOriginal ? bench.Plan.Grid.CountOfFirst(Item.Shard, bench.Plan.SearchSamples) : 0;
        HandsOn = bench.Plan.OutputsOf(Item).Contains(ItemOutputs.Hidden);
        Tokens = (long)bench.Plan.Grid.Shard(Item.Shard).Count * bench.Plan.Request.Calibration.SequenceLength;
    }

    /// <summary>The item's dealings with the store.</summary>
    public ItemSession Session { get; }

    /// <summary>Those of the items that are done along with it.</summary>
    public List<ItemSession> Companions { get; }

    /// <summary>The rotation of the residual stream, ready to fold, or null.</summary>
    public EndsFolder? Ends { get; }

    /// <summary>Backend, model, recipe.</summary>
    public MethodContext Context { get; }

    /// <summary>The item.</summary>
    public WorkItem Item => Session.Item;

    /// <summary>Tokens of the shard.</summary>
    public long Tokens { get; }

    /// <summary>Whether the final norm lies behind the block.</summary>
    public bool ReachesEnds => Item.First + Item.Count >= _bench.Config.LayerCount;

    /// <summary>Whether the hidden states behind the block are put for the next one.</summary>
    public bool HandsOn { get; }

    /// <summary>What is observed in every layer.</summary>
    public ObservationPlan Plan => Companions.Aggregate(OwnPlan, (sum, companion) => sum.Union(PlanOf(companion.Item)));

    /// <summary>Whether nobody wants anything of this run: it stands in the plan to pass hidden states on, and there is no next block.</summary>
    public bool HasNothingToDo => Item.Kind == WorkKind.ObserveOriginal && !HandsOn && _samples == 0 && !ObservationPlans.IsNeeded(Plan);

    private ObservationPlan OwnPlan => PlanOf(Item);

    /// <summary>The hidden states before the block.</summary>
    public async Task<LoadedHidden> LoadAsync()
    {
        if (Item.First == 0)
        {
            CalibrationSet sequences = await _bench.SequencesAsync(Session, Item.Shard);
            return new LoadedHidden(HiddenStates.Embed(Context, sequences, Item.Kind == WorkKind.ObserveTransformed ? Ends : null), null);
        }

        WorkKind chain = Item.Kind == WorkKind.ObserveTransformed ? WorkKind.ObserveTransformed : WorkKind.ObserveOriginal;
        WorkItem before = _bench.Plan.FindBlock(chain, Item.First - 1, Item.Shard)!;
        string name = WorkPlan.NameOf(before.Key, ItemOutputs.Hidden);
        return _bench.Cache.Take<LoadedHidden>(name) ?? await Session.ReadAsync(before, ItemOutputs.Hidden, ReadHidden);
    }

    /// <summary>Reads hidden states.</summary>
    /// <param name="path">The file.</param>
    public LoadedHidden ReadHidden(string path)
    {
        (HiddenStates hidden, SecondMoment? pool) = HiddenStatesFile.Read(path, _bench.Kernels);
        return new LoadedHidden(hidden, pool);
    }

    /// <summary>Everything that the item puts before it comes to a layer.</summary>
    /// <param name="layer">The layer.</param>
    public IEnumerable<string> OutputsBefore(int layer) => Enumerable.Range(Item.First, layer - Item.First)
        .SelectMany(done => (IEnumerable<string>)
        [
            .. PutsStatistics ? (string[])[ItemOutputs.Statistics(done)] : [], .. _samples > 0 ? (string[])[ItemOutputs.Samples(done)] : [],
        ]);

    /// <summary>Lets companions go on where they were interrupted at the same place; those that were not are left to themselves.</summary>
    /// <param name="layer">The layer that comes next.</param>
    public async Task ResumeCompanionsAsync(int layer)
    {
        foreach (ItemSession companion in Companions.ToArray())
        {
            for (int done = Item.First; done < layer; done++)
            {
                if (await companion.HeadAsync(ItemOutputs.Statistics(done)) is not { } found)
                {
                    Companions.Remove(companion);
                    break;
                }

                companion.Adopt(ItemOutputs.Statistics(done), found);
            }
        }
    }

    /// <summary>Runs one layer.</summary>
    /// <param name="loaded">Hidden states before it; they become those behind it.</param>
    /// <param name="layer">Index of the layer.</param>
    public async Task<LoadedHidden> RunLayerAsync(LoadedHidden loaded, int layer)
    {
        if (_samples > 0)
        {
            var shape = new Shape(_samples, loaded.Hidden.Batches[0].Shape[1], _bench.Config.DModel);
            float[] values = loaded.Hidden.CopyFirst(_bench.Kernels, _samples);
            await Session.PutAsync(ItemOutputs.Samples(layer), path => SampleFile.Write(path, values, shape));
        }

        if (Item.Kind == WorkKind.ObserveRotated)
        {
            LayerStatistics norm = NormObservation.OfRotated(Context, layer, loaded.Hidden, Ends!);
            await _bench.PutStatisticsAsync(Session, ItemOutputs.Statistics(layer), norm);
            if (layer + 1 < Item.First + Item.Count)
            {
                await AdvanceAsync(loaded, layer, observer: null);
            }

            return loaded;
        }

        using var observer = new LayerObserver(_bench.Kernels, Plan, layer, _bench.Config);
        await AdvanceAsync(loaded, layer, observer);
        return loaded with { Pool = await PutAsync(observer.ToStatistics(), loaded.Pool, PutsStatistics) };
    }

    /// <summary>Puts what was observed of a layer.</summary>
    /// <param name="observed">All of it.</param>
    /// <param name="pool">The second moment of the residual stream so far.</param>
    /// <param name="isOwn">Whether the item itself keeps some of it.</param>
    /// <returns>The pool with this layer's moment, where it is pooled.</returns>
    public async Task<SecondMoment?> PutAsync(LayerStatistics observed, SecondMoment? pool, bool isOwn)
    {
        using Activity? group = Tracing.Group(KernelGroups.Statistics, observed.Layer);
        string output = ItemOutputs.Statistics(observed.Layer);
        foreach (ItemSession companion in Companions)
        {
            await _bench.PutStatisticsAsync(companion, output, observed.Select(PlanOf(companion.Item)));
        }

        if (isOwn)
        {
            // The stream's moment is wanted in one sum over all layers: 26 MB a shard at 2.8 billion weights, not 26 MB a layer.
            ObservationPlan kept = _pools ? OwnPlan with { SecondMoments = OwnPlan.SecondMoments.Remove(ActivationSite.ResidualStream) } : OwnPlan;
            await _bench.PutStatisticsAsync(Session, output, observed.Select(kept));
        }

        if (!_pools)
        {
            return null;
        }

        SecondMoment moment = observed[ActivationSite.ResidualStream].Moment!;
        return pool is null ? moment : SecondMoment.Merge(pool, moment);
    }

    /// <summary>Puts a progress checkpoint; the one before it goes.</summary>
    /// <param name="loaded">Hidden states.</param>
    /// <param name="layer">Layers that are done.</param>
    /// <param name="older">Layer of the checkpoint before, or −1.</param>
    public async Task SaveAsync(LoadedHidden loaded, int layer, int older)
    {
        await Session.PutProgressAsync(
            ItemOutputs.Progress(layer), path => HiddenStatesFile.Write(path, _bench.Kernels, loaded.Hidden, loaded.Pool));
        if (older >= 0)
        {
            await Session.ForgetProgressAsync(older);
        }
    }

    /// <summary>Puts the hidden states behind the block.</summary>
    /// <param name="loaded">Hidden states.</param>
    public Task HandOnAsync(LoadedHidden loaded) => Session.PutAsync(
        ItemOutputs.Hidden, path => HiddenStatesFile.Write(path, _bench.Kernels, loaded.Hidden, loaded.Pool));

    private bool PutsStatistics => Item.Kind != WorkKind.ObserveOriginal || _bench.Needs.Original is not null;

    private ObservationPlan PlanOf(WorkItem item) => item.Kind switch
    {
        WorkKind.ObserveOriginal => _bench.Needs.Original,
        WorkKind.ObserveRanges => _bench.Needs.Ranges,
        WorkKind.ObserveMoments => _bench.Needs.Moments,
        WorkKind.ObserveTransformed => _bench.Needs.Transformed,
        _ => null,
    } ?? ObservationPlan.Nothing;

    private async Task AdvanceAsync(LoadedHidden loaded, int layer, LayerObserver? observer)
    {
        bool isOriginal = Item.Kind != WorkKind.ObserveTransformed;
        string transformed = $"transformed-{layer}";
        LoadedBlock block;
        using (Tracing.Group(KernelGroups.Load, layer))
        {
            block = isOriginal
                ? _bench.TakeOriginal(layer)
                : _bench.Cache.Take<LoadedBlock>(transformed) ?? LoadTransformed(layer, await _bench.TransformAsync(Session, layer));
        }

        try
        {
            using Activity? group = Tracing.Group(KernelGroups.Forward, layer);
            var count = new TokenCount(Item.Kind);
            long before = (layer - Item.First) * Tokens, total = Item.Count * Tokens;
            loaded.Hidden.Advance(_bench.Kernels, block.Block, observer, Report, Session.Abandon);

            void Report(long done)
            {
                count.Reach(done);
                _reporter.Report(before + done, total, "tokens");
            }
        }
        finally
        {
            if (isOriginal)
            {
                _bench.KeepOriginal(layer, block);
            }
            else
            {
                _bench.Cache.Put(transformed, block, (long)(sizeof(float) * ModelOperations.LayerWeights(_bench.Config)));
            }
        }
    }

    private LoadedBlock LoadTransformed(int layer, LayerTransform transform)
    {
        using LayerWeights weights = _bench.Checkpoint.LoadLayer(_bench.Kernels, layer);
        OnlineTransforms online = LayerFolder.Online(_bench.Kernels, _bench.Family, transform);
        return new LoadedBlock(FloatBlock.Build(_bench.Kernels, _bench.Config, _bench.Fold(weights, _residual, transform), online), online);
    }
}
