using MambaQuant.Quant.Kernels;
using MambaQuant.Quant.Models;
using MambaQuant.Quant.Tensors;

namespace MambaQuant.Quant.Statistics;

/// <summary>Accumulates on the device what a plan asks for while one block runs over any number of batches.</summary>
/// <remarks>
/// Accumulators are made when a site is first seen and hold per site 8·C² bytes for a second moment, 128 KiB for a histogram.
/// Order: the same batches in the same order give the same bits; second moments are summed as
/// <see cref="IStatisticsKernels.AccumulateSecondMoment"/> says. Not thread-safe: one observer a pass.
/// </remarks>
public sealed class LayerObserver : IActivationObserver, IDisposable
{
    private readonly IKernels _kernels;
    private readonly ObservationPlan _plan;
    private readonly SortedDictionary<string, SiteAccumulator> _sites = new(StringComparer.Ordinal);

    /// <summary>Makes an observer that has seen nothing.</summary>
    /// <param name="kernels">The backend that runs the block.</param>
    /// <param name="plan">What to look at.</param>
    /// <param name="layer">Index of the layer; the number of layers for the final norm and the head.</param>
    /// <param name="config">The model's dimensions.</param>
    public LayerObserver(IKernels kernels, ObservationPlan plan, int layer, MambaConfig config)
    {
        ArgumentNullException.ThrowIfNull(kernels);
        ArgumentNullException.ThrowIfNull(plan);
        ArgumentNullException.ThrowIfNull(config);
        _kernels = kernels;
        _plan = plan;
        Layer = layer;
        if (plan.State && layer < config.LayerCount)
        {
            Scan = new ScanObservation(
                kernels.Allocate(DType.F32, new Shape(config.DInner, config.DState)),
                plan.StateHistogram ? kernels.Allocate(DType.I64, new Shape(config.DInner, HistogramBins.MagnitudeBinCount)) : null);
        }
    }

    /// <summary>Index of the layer.</summary>
    public int Layer { get; }

    /// <summary>Index of the shard of calibration data that is running, for messages.</summary>
    /// <value>0 by default; set it before a shard.</value>
    public int Shard { get; set; }

    /// <summary>Index of the first token, within its sequence, of what is running, for messages.</summary>
    /// <value>0 by default; greater where a long sequence runs in pieces.</value>
    public int FirstToken { get; set; }

    /// <inheritdoc/>
    public ScanObservation? Scan { get; }

    /// <inheritdoc/>
    public bool Wants(ActivationSite site) => _plan.Wants(site);

    /// <inheritdoc/>
    /// <exception cref="NonFiniteActivationException">A value is NaN or infinite; nothing of this batch was added at this site.</exception>
    public void Observe(ActivationSite site, Tensor values)
    {
        ArgumentNullException.ThrowIfNull(values);
        if (!Wants(site) || values.Shape.ElementCount == 0)
        {
            return;
        }

        EnsureFinite(site, values);
        if (!_sites.TryGetValue(site.Name, out SiteAccumulator? accumulator))
        {
            accumulator = new SiteAccumulator(_kernels, _plan, site, values.Shape.Columns);
            _sites.Add(site.Name, accumulator);
        }

        accumulator.Add(values);
    }

    /// <summary>Brings everything accumulated so far to the host; the observer may go on.</summary>
    /// <exception cref="NonFiniteActivationException">The recurrent state became NaN or infinite.</exception>
    public LayerStatistics ToStatistics() => new(
        Layer,
        _sites.Select(pair => KeyValuePair.Create(new ActivationSite(pair.Key), pair.Value.ToStatistics())),
        Scan is null ? null : StateToStatistics(Scan));

    /// <summary>Frees the accumulators.</summary>
    public void Dispose()
    {
        foreach (SiteAccumulator accumulator in _sites.Values)
        {
            accumulator.Dispose();
        }

        _sites.Clear();
        Scan?.AbsoluteMaximum.Dispose();
        Scan?.Counts?.Dispose();
    }

    private void EnsureFinite(ActivationSite site, Tensor values)
    {
        long index = _kernels.FindNonFinite(values);
        if (index < 0)
        {
            return;
        }

        int channels = values.Shape.Columns;
        int tokens = values.Shape.Rank < 2 ? 1 : values.Shape[^2];
        long row = index / channels;
        throw new NonFiniteActivationException(
            Layer, site, Shard, (int)(row / tokens), checked(FirstToken + (int)(row % tokens)), (int)(index % channels));
    }

    private StateStatistics StateToStatistics(ScanObservation scan)
    {
        int states = scan.AbsoluteMaximum.Shape.Columns;
        long index = _kernels.FindNonFinite(scan.AbsoluteMaximum);
        if (index >= 0)
        {
            throw NonFiniteActivationException.InState(Layer, Shard, (int)(index / states), (int)(index % states));
        }

        return new StateStatistics(
            states,
            _kernels.ToArray<float>(scan.AbsoluteMaximum),
            scan.Counts is null ? null : _kernels.ToArray<long>(scan.Counts));
    }
}
