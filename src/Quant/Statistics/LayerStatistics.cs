using System.Collections.Immutable;
using MambaQuant.Quant.Models;
using MambaQuant.Quant.Safetensors;

namespace MambaQuant.Quant.Statistics;

/// <summary>What a calibration pass observed in one layer; the final norm and the head count as the layer after the last block.</summary>
/// <remarks>Immutable. One safetensors file; its bytes depend on the values only.</remarks>
public sealed class LayerStatistics
{
    private const string Format = "mambaquant.layer_statistics.2";
    private const string LayerKey = "layer";
    private const string SitesKey = "sites";
    private const string StatePrefix = "state.";

    private readonly ImmutableSortedDictionary<string, SiteStatistics> _sites;

    /// <summary>Makes the statistics of a layer.</summary>
    /// <param name="layer">Index of the layer, at least 0.</param>
    /// <param name="sites">What was observed per site.</param>
    /// <param name="state">What was observed of the recurrent state, or null.</param>
    public LayerStatistics(int layer, IEnumerable<KeyValuePair<ActivationSite, SiteStatistics>> sites, StateStatistics? state)
        : this(layer, sites.ToImmutableSortedDictionary(pair => pair.Key.Name, pair => pair.Value, StringComparer.Ordinal), state)
    {
    }

    private LayerStatistics(int layer, ImmutableSortedDictionary<string, SiteStatistics> sites, StateStatistics? state)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(layer);
        Layer = layer;
        _sites = sites;
        State = state;
    }

    /// <summary>Index of the layer.</summary>
    public int Layer { get; }

    /// <summary>The sites that were observed, in ordinal order of their names.</summary>
    public IEnumerable<ActivationSite> Sites => _sites.Keys.Select(name => new ActivationSite(name));

    /// <summary>What was observed of the recurrent state, or null.</summary>
    public StateStatistics? State { get; }

    /// <summary>What was observed at a site.</summary>
    /// <param name="site">The site.</param>
    /// <exception cref="KeyNotFoundException">The site was not observed.</exception>
    public SiteStatistics this[ActivationSite site] => Find(site)
        ?? throw new KeyNotFoundException($"layer {Layer}: the site '{site}' was not observed; found {string.Join(", ", _sites.Keys)}");

    /// <summary>What was observed at a site, or null.</summary>
    /// <param name="site">The site.</param>
    public SiteStatistics? Find(ActivationSite site) => _sites.GetValueOrDefault(site.Name);

    /// <summary>Only what a plan asks for.</summary>
    /// <param name="plan">The plan; it asks for nothing that was not observed.</param>
    /// <returns>Statistics as if that plan alone had been followed; the parts are shared, not copied.</returns>
    public LayerStatistics Select(ObservationPlan plan)
    {
        ArgumentNullException.ThrowIfNull(plan);
        var sites = Sites.Where(plan.Wants).Select(site => KeyValuePair.Create(site, new SiteStatistics(
            plan.Ranges.Contains(site) ? this[site].Range : null,
            plan.SecondMoments.Contains(site) ? this[site].Moment : null,
            plan.Histograms.Contains(site) ? this[site].Histogram : null)));
        return new LayerStatistics(Layer, sites, plan.State ? State?.Select(plan.StateHistogram) : null);
    }

    /// <summary>The statistics of both passes together.</summary>
    /// <param name="a">The earlier one in the plan's order.</param>
    /// <param name="b">The later one.</param>
    /// <remarks>Order: ranges, maxima and counts are exact; second moments are fp64 sums a + b, so merge in the plan's order.</remarks>
    /// <exception cref="ArgumentException">The layers or what was observed differ.</exception>
    public static LayerStatistics Merge(LayerStatistics a, LayerStatistics b)
    {
        ArgumentNullException.ThrowIfNull(a);
        ArgumentNullException.ThrowIfNull(b);
        if (a.Layer != b.Layer)
        {
            throw new ArgumentException($"statistics of layer {b.Layer} cannot be merged into those of layer {a.Layer}", nameof(b));
        }

        if (!a._sites.Keys.SequenceEqual(b._sites.Keys) || a.State is null != b.State is null)
        {
            throw new ArgumentException($"layer {a.Layer}: two passes observed different sites: they followed different plans", nameof(b));
        }

        return new LayerStatistics(
            a.Layer,
            a._sites.ToImmutableSortedDictionary(pair => pair.Key, pair => SiteStatistics.Merge(pair.Value, b._sites[pair.Key]), StringComparer.Ordinal),
            a.State is null ? null : StateStatistics.Merge(a.State, b.State!));
    }

    /// <summary>Writes one file, beside and renamed.</summary>
    /// <param name="path">The file; an older one is replaced.</param>
    /// <exception cref="IOException">The disk is full or failed.</exception>
    public void Write(string path)
    {
        SafetensorsDeclaration[] declarations =
            [.. _sites.SelectMany(pair => pair.Value.Declare(pair.Key)), .. State?.Declare(StatePrefix) ?? []];
        var metadata = new Dictionary<string, string>(StringComparer.Ordinal)
        {
            [StoredValues.FormatKey] = Format,
            [LayerKey] = $"{Layer}",
            [SitesKey] = string.Join(',', _sites.Keys),
        };
        using var writer = new SafetensorsWriter(path, declarations, metadata, flush: false);
        foreach ((string site, SiteStatistics statistics) in _sites)
        {
            statistics.Write(writer, site);
        }

        State?.Write(writer, StatePrefix);
        writer.Complete();
    }

    /// <summary>Reads what <see cref="Write"/> wrote.</summary>
    /// <param name="path">The file.</param>
    /// <exception cref="InvalidSafetensorsException">The file is damaged or of another kind.</exception>
    /// <exception cref="IOException">The file is missing or cannot be read.</exception>
    public static LayerStatistics Read(string path)
    {
        using SafetensorsFile file = SafetensorsFile.Open(path);
        StoredValues.EnsureFormat(file, Format);
        string[] sites = file.Metadata.GetValueOrDefault(SitesKey, string.Empty).Split(',', StringSplitOptions.RemoveEmptyEntries);
        return new LayerStatistics(
            StoredValues.Number(file, LayerKey),
            sites.ToImmutableSortedDictionary(name => name, name => SiteStatistics.Read(file, name), StringComparer.Ordinal),
            StateStatistics.IsIn(file, StatePrefix) ? StateStatistics.Read(file, StatePrefix) : null);
    }
}
