using System.Collections.Immutable;
using MambaQuant.Quant.Kernels;
using MambaQuant.Quant.Models;

namespace MambaQuant.Quant.Statistics;

/// <summary>How large the file of a layer's statistics can become, from shapes alone.</summary>
/// <remarks>
/// Exact but for histograms, of which only the bins that are filled are stored (a count of the state is taken to be below 2³¹), and for
/// the header, which is counted generously.
/// </remarks>
public static class StatisticsSize
{
    private const long HeaderBytes = 8192;

    /// <summary>Sites that are observed behind the last layer.</summary>
    private static readonly ImmutableHashSet<ActivationSite> _headSites = [ActivationSite.ResidualStream, ActivationSite.HeadInput];

    /// <summary>Bytes of the file of one layer, at most.</summary>
    /// <param name="plan">What is observed.</param>
    /// <param name="family">The model's tables.</param>
    /// <param name="config">The model's dimensions.</param>
    public static long OfLayer(ObservationPlan plan, ModelFamily family, MambaConfig config)
    {
        ArgumentNullException.ThrowIfNull(plan);
        ArgumentNullException.ThrowIfNull(config);
        long state = plan.State ? checked((long)config.DInner * config.DState * sizeof(float)) : 0;
        long magnitudes = plan.State && plan.StateHistogram ? checked(config.DInner * (sizeof(int) + (HistogramBins.MagnitudeBinCount * (sizeof(sbyte) + (long)sizeof(int))))) : 0;
        return checked(Sites(plan, family, site => site != ActivationSite.HeadInput) + state + magnitudes);
    }

    /// <summary>Bytes of the file behind the last layer, at most.</summary>
    /// <param name="plan">What is observed.</param>
    /// <param name="family">The model's tables.</param>
    public static long OfHead(ObservationPlan plan, ModelFamily family) => Sites(plan, family, _headSites.Contains);

    private static long Sites(ObservationPlan plan, ModelFamily family, Func<ActivationSite, bool> isObserved)
    {
        ArgumentNullException.ThrowIfNull(plan);
        ArgumentNullException.ThrowIfNull(family);
        long Sum(ImmutableHashSet<ActivationSite> sites, Func<int, long> bytes) =>
            sites.Where(isObserved).Sum(site => bytes(family.SiteWidths[site]));
        return checked(HeaderBytes
            + Sum(plan.Ranges, width => 2L * width * sizeof(float))
            + Sum(plan.Histograms, _ => (long)HistogramBins.ValueBinCount * (sizeof(int) + sizeof(long)))
            + Sum(plan.SecondMoments, width => sizeof(long) + (sizeof(double) * (width + (long)SecondMoment.PackedLength(width)))));
    }
}
