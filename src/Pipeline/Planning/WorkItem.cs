using System.Collections.Immutable;
using MambaQuant.Pipeline.Artifacts;

namespace MambaQuant.Pipeline.Planning;

/// <summary>One piece of work: pure from inputs to artifacts, the same wherever it runs.</summary>
/// <param name="Index">Its place in the graph; needs stand before it.</param>
/// <param name="Kind">What it does.</param>
/// <param name="First">First layer of its block, or its layer; the layer count stands for the ends (final norm, head, embeddings); -1 where no layer is meant.</param>
/// <param name="Count">Layers of its block; 1 for an item of one layer, 0 where no layer is meant.</param>
/// <param name="Shard">Its shard of the sequences; -1 where no shard is meant.</param>
/// <param name="Key">Its content key.</param>
/// <param name="Needs">Indices of the items whose artifacts it reads, or behind which it stands in the queue on purpose, ascending.</param>
/// <param name="Cost">What it is expected to cost.</param>
public sealed record WorkItem(int Index, WorkKind Kind, int First, int Count, int Shard, ArtifactKey Key, ImmutableArray<int> Needs, WorkCost Cost)
{
    /// <summary>Whether it is wanted for itself, also where other items stand behind it.</summary>
    public bool IsResult => Kind == WorkKind.Assemble;

    /// <summary>The item for people, such as "ObserveOriginal layers 8-15 shard 2".</summary>
    public string Label
    {
        get
        {
            string layers = Count switch
            {
                _ when First < 0 => string.Empty,
                1 => $" layer {First}",
                _ => $" layers {First}-{First + Count - 1}",
            };
            return $"{Kind}{layers}{(Shard < 0 ? string.Empty : $" shard {Shard}")}";
        }
    }
}
