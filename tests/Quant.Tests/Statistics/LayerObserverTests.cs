using System.Collections.Immutable;
using MambaQuant.Quant.Kernels;
using MambaQuant.Quant.Kernels.Cpu;
using MambaQuant.Quant.Models;
using MambaQuant.Quant.Statistics;
using MambaQuant.Quant.Tensors;
using MambaQuant.Testing;
using Xunit;

namespace MambaQuant.Quant.Tests.Statistics;

public sealed class LayerObserverTests : IDisposable
{
    // Second moments are summed in fp32 over blocks of 256 tokens: passes cut at multiples of it add the very same blocks.
    private const int Block = 256;
    private const int Channels = 12;

    private static readonly ActivationSite _site = ActivationSite.XProjInput;
    private static readonly MambaConfig _config = RandomMamba.Draw(1).Config with { DInner = Channels, DState = 4 };
    private static readonly ObservationPlan _plan = new()
    {
        Ranges = [_site],
        Histograms = [_site],
        SecondMoments = [_site],
        State = true,
        StateHistogram = true,
    };

    private readonly CpuKernels _kernels = new();

    public void Dispose() => _kernels.Dispose();

    [Theory]
    [InlineData(Block, 2 * Block)]
    [InlineData(Block, Block + 37)]
    [InlineData(0, Block)]
    public void MergedPasses_AreTheWholePassToTheBit(int firstTokens, int allTokens)
    {
        float[] values = Values(allTokens, seed: 1);
        LayerStatistics whole = Observe([values]);
        LayerStatistics merged = firstTokens == 0
            ? LayerStatistics.Merge(Empty(), Observe([values]))
            : LayerStatistics.Merge(Observe([values[..(firstTokens * Channels)]]), Observe([values[(firstTokens * Channels)..]]));
        AssertSame(whole[_site], merged[_site]);
    }

    [Fact]
    public void PassesCutAnywhere_DifferInTheLastBitsOfSecondMomentsOnly()
    {
        float[] values = Values(700, seed: 2);
        LayerStatistics whole = Observe([values]);
        LayerStatistics merged = LayerStatistics.Merge(Observe([values[..(123 * Channels)]]), Observe([values[(123 * Channels)..]]));
        Assert.Equal(whole[_site].Range!.ChannelMinimum, merged[_site].Range!.ChannelMinimum);
        Assert.Equal(whole[_site].Range!.ChannelMaximum, merged[_site].Range!.ChannelMaximum);
        Assert.Equal(whole[_site].Histogram!.Counts, merged[_site].Histogram!.Counts);
        Assert.Equal(whole[_site].Moment!.Count, merged[_site].Moment!.Count);
        double largest = whole[_site].Moment!.Packed.ToArray().Max();
        for (int i = 0; i < SecondMoment.PackedLength(Channels); i++)
        {
            // Measured: at most 3.5e-7 of the largest entry (fp32 sums over other blocks of 256 tokens).
            Assert.Equal(whole[_site].Moment!.Packed[i], merged[_site].Moment!.Packed[i], 1e-6 * largest);
        }
    }

    [Fact]
    public void Statistics_AreThoseOfTheDefinition()
    {
        const int Tokens = 300;
        float[] values = Values(Tokens, seed: 3);
        SiteStatistics found = Observe([values[..(100 * Channels)], values[(100 * Channels)..]])[_site];
        float[][] rows = [.. values.Chunk(Channels)];
        Assert.Equal(Tokens, found.Moment!.Count);
        Assert.Equal(Tokens * Channels, found.Histogram!.Total);
        int next = 0;
        for (int i = 0; i < Channels; i++)
        {
            Assert.Equal(rows.Min(row => row[i]), found.Range!.ChannelMinimum[i]);
            Assert.Equal(rows.Max(row => row[i]), found.Range.ChannelMaximum[i]);

            // Measured: at most 1.2e-4 (fp32 sums over at most 256 tokens of values up to 3).
            Assert.Equal(rows.Sum(row => (double)row[i]), found.Moment.Sum[i], 1e-3);
            for (int j = 0; j <= i; j++)
            {
                Assert.Equal(rows.Sum(row => (double)row[i] * row[j]), found.Moment.Packed[next++], 1e-3);
            }
        }

        for (int bin = 0; bin < HistogramBins.ValueBinCount; bin++)
        {
            Assert.Equal(values.Count(value => HistogramBins.ValueBin(value) == bin), found.Histogram.Counts[bin]);
        }
    }

    [Theory]
    [InlineData(float.NaN)]
    [InlineData(float.PositiveInfinity)]
    [InlineData(float.NegativeInfinity)]
    public void NonFiniteValue_IsNamedAndNothingOfItsBatchIsAdded(float bad)
    {
        float[] values = Values(10, seed: 4);
        using var observer = new LayerObserver(_kernels, _plan, layer: 6, _config with { LayerCount = 9 }) { Shard = 3 };
        Show(observer, values, batch: 2);
        values[(8 * Channels) + 5] = bad;
        NonFiniteActivationException error = Assert.Throws<NonFiniteActivationException>(() => Show(observer, values, batch: 2));
        Assert.Equal((6, _site, 3, 1, 3, 5), (error.Layer, error.Site, error.Shard, error.Sequence, error.Token, error.Channel));
        Assert.Contains("layer 6, site 'x_proj_input', shard 3, sequence 1, token 3, channel 5", error.Message, StringComparison.Ordinal);
        Assert.Equal(10, observer.ToStatistics()[_site].Moment!.Count);
    }

    [Fact]
    public void NonFiniteState_IsNamed()
    {
        using var observer = new LayerObserver(_kernels, _plan, layer: 0, _config);
        float[] maxima = new float[Channels * 4];
        maxima[(7 * 4) + 2] = float.PositiveInfinity;
        using Tensor uploaded = _kernels.Upload<float>(maxima, new Shape(Channels, 4));
        _kernels.Copy(uploaded, observer.Scan!.AbsoluteMaximum);
        NonFiniteActivationException error = Assert.Throws<NonFiniteActivationException>(() => observer.ToStatistics());
        Assert.Equal(ActivationSite.ScanState, error.Site);
        Assert.Contains("channel 7, state 2", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Plan_DecidesWhatIsKept()
    {
        var plan = new ObservationPlan { Ranges = [ActivationSite.InProjInput], SecondMoments = [_site] };
        using var observer = new LayerObserver(_kernels, plan, layer: 0, _config);
        Assert.Null(observer.Scan);
        Assert.True(observer.Wants(_site));
        Assert.False(observer.Wants(ActivationSite.OutProjInput));
        Show(observer, Values(3, seed: 5), batch: 1);
        LayerStatistics statistics = observer.ToStatistics();
        Assert.Equal([_site], statistics.Sites);
        Assert.Null(statistics.State);
        Assert.Null(statistics[_site].Range);
        Assert.Null(statistics[_site].Histogram);
        ObservationPlan both = plan.Union(_plan);
        Assert.Equal([ActivationSite.InProjInput, _site], both.Ranges.OrderBy(site => site.Name, StringComparer.Ordinal));
        Assert.True(both.StateHistogram);
    }

    [Fact]
    public void Block_ShowsEverySiteAndTheState()
    {
        using var directory = new TemporaryDirectory();
        RandomMamba.Draw(7).Write(directory.Path);
        using MambaCheckpoint checkpoint = MambaCheckpoint.Open(directory.Path);
        MambaConfig config = checkpoint.Config;
        ImmutableHashSet<ActivationSite> sites =
        [
            ActivationSite.ResidualStream, ActivationSite.InProjInput, ActivationSite.ConvInput, ActivationSite.XProjInput,
            ActivationSite.DtProjInput, ActivationSite.OutProjInput, ActivationSite.ScanOutput,
        ];
        var plan = new ObservationPlan { Ranges = sites, State = true, StateHistogram = true };
        using MambaBlock block = FloatBlock.Build(_kernels, config, checkpoint.LoadLayer(_kernels, 0), OnlineTransforms.None);
        using BlockState state = BlockState.Zero(_kernels, config, 2);
        using var observer = new LayerObserver(_kernels, plan, layer: 0, config);
        using Tensor r = _kernels.Upload<float>(
            [.. Enumerable.Range(0, 2 * 5 * config.DModel).Select(i => (float)Math.Sin(i))], new Shape(2, 5, config.DModel));
        block.Forward(_kernels, r, state, observer);
        LayerStatistics statistics = observer.ToStatistics();
        Assert.Equal(sites.Select(site => site.Name).Order(StringComparer.Ordinal), statistics.Sites.Select(site => site.Name));
        Assert.Equal(config.DInner, statistics[ActivationSite.ConvInput].Range!.Channels);
        Assert.Equal(config.DState, statistics[ActivationSite.ScanOutput].Range!.Channels);
        Assert.Equal((config.DInner, config.DState), (statistics.State!.Channels, statistics.State.States));
        Assert.Equal(2 * 5 * config.DInner * config.DState, statistics.State.Magnitudes.ToArray().Sum());
        float[] last = new float[2 * config.DInner * config.DState];
        _kernels.Download(state.Hidden, last.AsSpan());
        Assert.True(statistics.State.AbsoluteMaximum.ToArray().Max() >= last.Max(Math.Abs));
    }

    [Fact]
    public void Observer_SeesOnlyHandlesAndFreesThemAll()
    {
        using var opaque = new OpaqueKernels();
        float[] values = Values(300, seed: 6);
        LayerStatistics found;
        using (var observer = new LayerObserver(opaque, _plan, layer: 0, _config))
        using (Tensor uploaded = opaque.Upload<float>(values, new Shape(1, 300, Channels)))
        {
            observer.Observe(_site, uploaded);
            found = observer.ToStatistics();
        }

        AssertSame(Observe([values])[_site], found[_site]);
        Assert.Empty(opaque.LiveTensors);
    }

    private static LayerStatistics Empty() => new(
        0,
        [KeyValuePair.Create(_site, new SiteStatistics(ChannelRange.Empty(Channels), SecondMoment.Empty(Channels), ValueHistogram.Empty()))],
        new StateStatistics(4, new float[Channels * 4], new long[Channels * HistogramBins.MagnitudeBinCount]));

    private static void AssertSame(SiteStatistics expected, SiteStatistics found)
    {
        Assert.Equal(expected.Range!.ChannelMinimum, found.Range!.ChannelMinimum);
        Assert.Equal(expected.Range.ChannelMaximum, found.Range.ChannelMaximum);
        Assert.Equal(expected.Histogram!.Counts, found.Histogram!.Counts);
        Assert.Equal(expected.Moment!.Count, found.Moment!.Count);
        Assert.Equal(expected.Moment.Sum, found.Moment.Sum);
        Assert.Equal(expected.Moment.Packed, found.Moment.Packed);
    }

    private static float[] Values(int tokens, int seed)
    {
        var random = new Random(seed);
        return [.. Enumerable.Range(0, tokens * Channels).Select(i => (float)((random.NextDouble() * 4) - 1) * (1 + (i % Channels % 3)) / 3)];
    }

    private LayerStatistics Observe(float[][] batches)
    {
        using var observer = new LayerObserver(_kernels, _plan, layer: 0, _config);
        foreach (float[] values in batches)
        {
            Show(observer, values, batch: 1);
        }

        return observer.ToStatistics();
    }

    private void Show(LayerObserver observer, float[] values, int batch)
    {
        using Tensor uploaded = _kernels.Upload<float>(values, new Shape(batch, values.Length / Channels / batch, Channels));
        observer.Observe(_site, uploaded);
    }
}
