using System.Collections.Immutable;
using MambaQuant.Quant.Models;

namespace MambaQuant.Quant.Statistics;

/// <summary>What a calibration pass looks at: only what the recipe needs, since everything observed costs time and storage.</summary>
public sealed record ObservationPlan
{
    /// <summary>Nothing at all.</summary>
    public static ObservationPlan Nothing { get; } = new();

    /// <summary>Sites whose minimum and maximum per channel are kept.</summary>
    /// <value>None by default.</value>
    public ImmutableHashSet<ActivationSite> Ranges { get; init; } = [];

    /// <summary>Sites whose values are counted.</summary>
    /// <value>None by default.</value>
    public ImmutableHashSet<ActivationSite> Histograms { get; init; } = [];

    /// <summary>Sites whose second moment is summed: T·C² multiply-adds and 8·C² bytes each.</summary>
    /// <value>None by default.</value>
    public ImmutableHashSet<ActivationSite> SecondMoments { get; init; } = [];

    /// <summary>Whether the largest |h| per channel and state is kept.</summary>
    /// <value>False by default.</value>
    public bool State { get; init; }

    /// <summary>Whether |h| is counted per channel; read with <see cref="State"/> only.</summary>
    /// <value>False by default.</value>
    public bool StateHistogram { get; init; }

    /// <summary>Whether anything is kept of a site.</summary>
    /// <param name="site">The site.</param>
    public bool Wants(ActivationSite site) => Ranges.Contains(site) || Histograms.Contains(site) || SecondMoments.Contains(site);

    /// <summary>Everything that either plan looks at.</summary>
    /// <param name="other">The other plan.</param>
    public ObservationPlan Union(ObservationPlan other)
    {
        ArgumentNullException.ThrowIfNull(other);
        return new ObservationPlan
        {
            Ranges = Ranges.Union(other.Ranges),
            Histograms = Histograms.Union(other.Histograms),
            SecondMoments = SecondMoments.Union(other.SecondMoments),
            State = State || other.State,
            StateHistogram = StateHistogram || other.StateHistogram,
        };
    }
}
