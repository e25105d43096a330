using MambaQuant.Quant.Models;
using MambaQuant.Quant.Statistics;

namespace MambaQuant.Pipeline.Execution;

/// <summary>The pooled second moment of the residual stream, kept as the statistics of a layer with that one site.</summary>
internal static class PoolFile
{
    /// <summary>Wraps a moment.</summary>
    /// <param name="layer">The number of layers of the model.</param>
    /// <param name="pool">The moment.</param>
    public static LayerStatistics Of(int layer, SecondMoment pool) =>
        new(layer, [KeyValuePair.Create(ActivationSite.ResidualStream, new SiteStatistics(null, pool, null))], state: null);

    /// <summary>Unwraps it.</summary>
    /// <param name="statistics">What <see cref="Of"/> gave.</param>
    public static SecondMoment In(LayerStatistics statistics) => statistics[ActivationSite.ResidualStream].Moment!;
}
