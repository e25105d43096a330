using System.Collections.Immutable;
using MambaQuant.Quant.Models;
using MambaQuant.Quant.Statistics;

namespace MambaQuant.Quant.Method;

/// <summary>What a calibration pass observed of a whole model.</summary>
/// <param name="Layers">Statistics per layer, in order; empty where the recipe needs no such pass.</param>
/// <param name="Head">Statistics behind the last layer; null where the recipe needs no such pass.</param>
public sealed record ModelStatistics(ImmutableArray<LayerStatistics> Layers, LayerStatistics? Head)
{
    /// <summary>What was observed of a layer, or null where no pass was needed.</summary>
    /// <param name="layer">Index of the layer.</param>
    public LayerStatistics? Find(int layer) => Layers.IsEmpty ? null : Layers[layer];

    /// <summary>The pooled moment of <see cref="PooledResidual"/> where the pass summed it itself, shard by shard.</summary>
    /// <value>Null by default: then it is summed from the layers.</value>
    public SecondMoment? Pooled { get; init; }

    /// <summary>The second moment of r/rms(r) pooled over the inputs of all norms, the final one included; null where it was not observed.</summary>
    /// <remarks>Order: fp64 sums from the first layer to the last, then the final norm; of several shards each by itself, then over the shards.</remarks>
    public SecondMoment? PooledResidual() => Pooled ?? Layers.Cast<LayerStatistics?>().Append(Head)
        .Select(statistics => statistics?.Find(ActivationSite.ResidualStream)?.Moment)
        .Aggregate((sum, moment) => sum is null || moment is null ? moment : SecondMoment.Merge(sum, moment));
}
