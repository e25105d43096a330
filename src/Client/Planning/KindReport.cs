using System.Collections.Immutable;
using MambaQuant.Pipeline.Planning;
using MambaQuant.Pipeline.Simulation;

namespace MambaQuant.Client.Planning;

/// <summary>All items of one kind in a plan.</summary>
internal sealed record KindReport
{
    /// <summary>The kind.</summary>
    public required WorkKind Kind { get; init; }

    /// <summary>How many items.</summary>
    public required int Count { get; init; }

    /// <summary>The kinds whose outputs they read.</summary>
    public required IReadOnlyList<WorkKind> Needs { get; init; }

    /// <summary>Operations of all of them.</summary>
    public required double Operations { get; init; }

    /// <summary>Bytes that they read through the store.</summary>
    public required long ReadBytes { get; init; }

    /// <summary>Bytes that they write through the store.</summary>
    public required long WrittenBytes { get; init; }

    /// <summary>Bytes of weights that they read.</summary>
    public required long ModelBytes { get; init; }

    /// <summary>Memory of the largest.</summary>
    public required long MemoryBytes { get; init; }

    /// <summary>Seconds of all of them on one worker.</summary>
    public required double Seconds { get; init; }

    /// <summary>The kinds of a graph, in the order in which they first stand in it.</summary>
    /// <param name="graph">The graph.</param>
    /// <param name="options">The cluster that times are told for.</param>
    public static ImmutableArray<KindReport> Of(WorkGraph graph, SimulationOptions options)
    {
        ArgumentNullException.ThrowIfNull(graph);
        return
        [
            .. graph.Items.GroupBy(item => item.Kind).Select(kind => new KindReport
            {
                Kind = kind.Key,
                Count = kind.Count(),
                Needs = [.. kind.SelectMany(item => item.Needs).Select(need => graph.Items[need].Kind).Distinct().Order()],
                Operations = kind.Sum(item => item.Cost.Operations),
                ReadBytes = kind.Sum(item => item.Cost.InputBytes),
                WrittenBytes = kind.Sum(item => item.Cost.OutputBytes),
                ModelBytes = kind.Sum(item => item.Cost.ModelBytes),
                MemoryBytes = kind.Max(item => item.Cost.MemoryBytes),
                Seconds = kind.Sum(item => ClusterSimulator.ExpectedSeconds(item, options)),
            }),
        ];
    }
}
