using MambaQuant.Quant.Kernels;
using MambaQuant.Quant.Models;
using MambaQuant.Quant.Tensors;

namespace MambaQuant.Quant.Statistics;

/// <summary>The device memory in which the statistics of one site grow.</summary>
internal sealed class SiteAccumulator : IDisposable
{
    private readonly IKernels _kernels;
    private readonly int _channels;
    private readonly Tensor? _minimum;
    private readonly Tensor? _maximum;
    private readonly Tensor? _counts;
    private readonly Tensor? _sum;
    private readonly Tensor? _outer;
    private long _tokens;

    /// <summary>Makes the accumulators that a plan asks for at a site.</summary>
    /// <param name="kernels">The backend.</param>
    /// <param name="plan">What to accumulate.</param>
    /// <param name="site">The site.</param>
    /// <param name="channels">C.</param>
    public SiteAccumulator(IKernels kernels, ObservationPlan plan, ActivationSite site, int channels)
    {
        _kernels = kernels;
        _channels = channels;
        if (plan.Ranges.Contains(site))
        {
            ChannelRange empty = ChannelRange.Empty(channels);
            _minimum = kernels.Upload(empty.ChannelMinimum, new Shape(channels));
            _maximum = kernels.Upload(empty.ChannelMaximum, new Shape(channels));
        }

        if (plan.Histograms.Contains(site))
        {
            _counts = kernels.Allocate(DType.I64, new Shape(HistogramBins.ValueBinCount));
        }

        if (plan.SecondMoments.Contains(site))
        {
            _sum = kernels.Allocate(DType.F64, new Shape(channels));
            _outer = kernels.Allocate(DType.F64, new Shape(channels, channels));
        }
    }

    /// <summary>Adds a batch.</summary>
    /// <param name="values">[..., C] F32, finite.</param>
    public void Add(Tensor values)
    {
        if (values.Shape.Columns != _channels)
        {
            throw new ArgumentException($"{_channels} channels were observed before, found {values}", nameof(values));
        }

        _tokens += values.Shape.Rows;
        if (_minimum is not null)
        {
            _kernels.AccumulateRange(values, _minimum, _maximum!);
        }

        if (_counts is not null)
        {
            _kernels.AccumulateHistogram(values, _counts);
        }

        if (_outer is not null)
        {
            _kernels.AccumulateSecondMoment(values, _sum!, _outer);
        }
    }

    /// <summary>Brings the statistics to the host.</summary>
    public SiteStatistics ToStatistics() => new(
        _minimum is null ? null : new ChannelRange(_kernels.ToArray<float>(_minimum), _kernels.ToArray<float>(_maximum!)),
        _outer is null ? null : new SecondMoment(_tokens, _kernels.ToArray<double>(_sum!), PackedTriangle.Download(_kernels, _outer)),
        _counts is null ? null : new ValueHistogram(_kernels.ToArray<long>(_counts)));

    /// <inheritdoc/>
    public void Dispose()
    {
        _minimum?.Dispose();
        _maximum?.Dispose();
        _counts?.Dispose();
        _sum?.Dispose();
        _outer?.Dispose();
    }
}
