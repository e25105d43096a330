using System.Collections.Frozen;
using System.Collections.Immutable;
using MambaQuant.Pipeline.Artifacts;

namespace MambaQuant.Pipeline.Planning;

/// <summary>A job: what was asked for, how it is cut, and the items.</summary>
/// <remarks>Immutable. A pure function of its request; its identity is the key of its last items, so of everything that decides a byte.</remarks>
public sealed class WorkPlan
{
    /// <summary>Digits of a job's identity.</summary>
    public const int IdLength = 16;

    private readonly FrozenDictionary<(WorkKind Kind, int First, int Shard), int> _places;

    internal WorkPlan(PlanRequest request, RecipeNeeds needs, WorkGrid grid, EvaluationGrid? evaluation, WorkGraph graph)
    {
        Request = request;
        Needs = needs;
        Grid = grid;
        Evaluation = evaluation;
        Graph = graph;
        _places = graph.Items.ToFrozenDictionary(item => (item.Kind, item.First, item.Shard), item => item.Index);
        Id = new KeyText().Add("job 1").Add(graph.Items.Select(item => item.Key.Text)).ToKey().Text[..IdLength];
    }

    /// <summary>What was asked for.</summary>
    public PlanRequest Request { get; }

    /// <summary>What the recipe needs.</summary>
    public RecipeNeeds Needs { get; }

    /// <summary>How the passes are cut.</summary>
    public WorkGrid Grid { get; }

    /// <summary>How the evaluation is cut; null where none was asked for.</summary>
    public EvaluationGrid? Evaluation { get; }

    /// <summary>The items.</summary>
    public WorkGraph Graph { get; }

    /// <summary>The job's identity: 16 hexadecimal digits that two plans share exactly when all their items have the same keys.</summary>
    public string Id { get; }

    /// <summary>Sequences that a smoothing search sees; 0 where the recipe searches nothing.</summary>
    public int SearchSamples => Needs.Searches ? Math.Min(Request.Calibration.SearchSamples, Request.Calibration.Samples) : 0;

    /// <summary>An item by what it does.</summary>
    /// <param name="kind">Its kind.</param>
    /// <param name="first">Its first layer, or −1.</param>
    /// <param name="shard">Its shard, or −1.</param>
    /// <returns>Null where the plan has no such item.</returns>
    public WorkItem? Find(WorkKind kind, int first = -1, int shard = -1) =>
        _places.TryGetValue((kind, first, shard), out int index) ? Graph.Items[index] : null;

    /// <summary>The item of a pass that a layer lies in.</summary>
    /// <param name="kind">A kind whose items are blocks.</param>
    /// <param name="layer">The layer; the number of layers for the ends, which lie in the last block, or in an item of their own.</param>
    /// <param name="shard">The shard.</param>
    public WorkItem? FindBlock(WorkKind kind, int layer, int shard) =>
        Find(kind, layer, shard) ?? Find(kind, Grid.Block(Grid.BlockOf(layer)).First, shard);

    /// <summary>The names, within its item, of everything that an item puts into the store besides its receipt.</summary>
    /// <param name="item">An item of this plan.</param>
    public ImmutableArray<string> OutputsOf(WorkItem item) => [.. ItemOutputs.Of(this, item)];

    /// <summary>The store's name of an output.</summary>
    /// <param name="key">Key of the item.</param>
    /// <param name="output">The output's name within the item.</param>
    public static string NameOf(ArtifactKey key, string output) => $"{ItemPrefix}{key}/{output}";

    /// <summary>The beginning of the names of everything that items put into a store.</summary>
    public const string ItemPrefix = "items/";
}
