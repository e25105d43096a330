using MambaQuant.Quant.Safetensors;

namespace MambaQuant.Quant.Statistics;

/// <summary>Everything that was observed at one activation site; what was not asked for is null.</summary>
/// <param name="Range">Minimum and maximum per channel.</param>
/// <param name="Moment">Count, Σ x, Σ x xᵀ.</param>
/// <param name="Histogram">Counts of all values.</param>
public sealed record SiteStatistics(ChannelRange? Range, SecondMoment? Moment, ValueHistogram? Histogram)
{
    private const string RangePrefix = ".range.";
    private const string MomentPrefix = ".second_moment.";
    private const string HistogramPrefix = ".histogram.";

    /// <summary>The statistics of both passes together.</summary>
    /// <param name="a">The earlier one in the plan's order.</param>
    /// <param name="b">The later one.</param>
    /// <exception cref="ArgumentException">One has a statistic that the other lacks, or the channels differ.</exception>
    public static SiteStatistics Merge(SiteStatistics a, SiteStatistics b)
    {
        ArgumentNullException.ThrowIfNull(a);
        ArgumentNullException.ThrowIfNull(b);
        return new SiteStatistics(
            MergeOptional(a.Range, b.Range, ChannelRange.Merge),
            MergeOptional(a.Moment, b.Moment, SecondMoment.Merge),
            MergeOptional(a.Histogram, b.Histogram, ValueHistogram.Merge));
    }

    /// <summary>What <see cref="Write"/> is going to write.</summary>
    /// <param name="site">Name of the site, put before every tensor name.</param>
    public IEnumerable<SafetensorsDeclaration> Declare(string site) =>
    [
        .. Range?.Declare(site + RangePrefix) ?? [],
        .. Moment?.Declare(site + MomentPrefix) ?? [],
        .. Histogram?.Declare(site + HistogramPrefix) ?? [],
    ];

    /// <summary>Writes what there is.</summary>
    /// <param name="writer">A writer to which <see cref="Declare"/> of the same site was declared.</param>
    /// <param name="site">Name of the site.</param>
    public void Write(SafetensorsWriter writer, string site)
    {
        Range?.Write(writer, site + RangePrefix);
        Moment?.Write(writer, site + MomentPrefix);
        Histogram?.Write(writer, site + HistogramPrefix);
    }

    /// <summary>Reads what <see cref="Write"/> wrote.</summary>
    /// <param name="file">The file.</param>
    /// <param name="site">Name of the site.</param>
    /// <exception cref="InvalidSafetensorsException">A tensor is missing or of another type or size.</exception>
    public static SiteStatistics Read(SafetensorsFile file, string site) => new(
        ChannelRange.IsIn(file, site + RangePrefix) ? ChannelRange.Read(file, site + RangePrefix) : null,
        SecondMoment.IsIn(file, site + MomentPrefix) ? SecondMoment.Read(file, site + MomentPrefix) : null,
        ValueHistogram.IsIn(file, site + HistogramPrefix) ? ValueHistogram.Read(file, site + HistogramPrefix) : null);

    private static T? MergeOptional<T>(T? a, T? b, Func<T, T, T> merge)
        where T : class
    {
        if (a is null && b is null)
        {
            return null;
        }

        return a is not null && b is not null
            ? merge(a, b)
            : throw new ArgumentException($"only one of two passes has a {typeof(T).Name}: they followed different plans", nameof(b));
    }
}
