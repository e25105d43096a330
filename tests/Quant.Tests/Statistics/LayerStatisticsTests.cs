using MambaQuant.Quant.Kernels;
using MambaQuant.Quant.Models;
using MambaQuant.Quant.Safetensors;
using MambaQuant.Quant.Statistics;
using MambaQuant.Quant.Tensors;
using MambaQuant.Testing;
using Xunit;

namespace MambaQuant.Quant.Tests.Statistics;

public sealed class LayerStatisticsTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void WrittenStatistics_ReadBackTheSame(int seed)
    {
        LayerStatistics written = RandomLayer(seed, layer: 7);
        string path = _directory.File("layer.safetensors");
        written.Write(path);
        AssertSame(written, LayerStatistics.Read(path));
    }

    [Fact]
    public void Bytes_DependOnTheValuesOnly()
    {
        LayerStatistics original = RandomLayer(5, layer: 2);
        var reversed = new LayerStatistics(
            2, original.Sites.Reverse().Select(site => KeyValuePair.Create(site, original[site])), original.State);
        original.Write(_directory.File("one"));
        reversed.Write(_directory.File("two"));
        LayerStatistics.Read(_directory.File("one")).Write(_directory.File("three"));
        byte[] bytes = File.ReadAllBytes(_directory.File("one"));
        Assert.Equal(bytes, File.ReadAllBytes(_directory.File("two")));
        Assert.Equal(bytes, File.ReadAllBytes(_directory.File("three")));
    }

    [Fact]
    public void Merge_IsTheMergeOfEveryPart()
    {
        LayerStatistics a = RandomLayer(1, layer: 0);
        LayerStatistics b = RandomLayer(2, layer: 0);
        LayerStatistics merged = LayerStatistics.Merge(a, b);
        foreach (ActivationSite site in a.Sites)
        {
            Assert.Equal(a[site].Moment is null ? null : a[site].Moment!.Count + b[site].Moment!.Count, merged[site].Moment?.Count);
            Assert.Equal(Total(a[site]) + Total(b[site]), Total(merged[site]));
            Assert.Equal(
                a[site].Range is null ? null : Math.Max(a[site].Range!.Maximum, b[site].Range!.Maximum), merged[site].Range?.Maximum);
        }

        Assert.Equal(
            Math.Max(a.State!.ChannelAbsoluteMaximum(1), b.State!.ChannelAbsoluteMaximum(1)), merged.State!.ChannelAbsoluteMaximum(1));
        Assert.Equal(a.State.Magnitudes[3] + b.State.Magnitudes[3], merged.State.Magnitudes[3]);

        static long Total(SiteStatistics site) => site.Histogram?.Total ?? 0;
    }

    [Fact]
    public void DifferentPlans_AreNotMerged()
    {
        LayerStatistics full = RandomLayer(1, layer: 0);
        LayerStatistics otherLayer = RandomLayer(1, layer: 1);
        var fewerSites = new LayerStatistics(0, full.Sites.Skip(1).Select(site => KeyValuePair.Create(site, full[site])), full.State);
        var withoutRange = new LayerStatistics(
            0, full.Sites.Select(site => KeyValuePair.Create(site, full[site] with { Range = null })), full.State);
        Assert.Throws<ArgumentException>(() => LayerStatistics.Merge(full, otherLayer));
        Assert.Throws<ArgumentException>(() => LayerStatistics.Merge(full, fewerSites));
        Assert.Throws<ArgumentException>(() => LayerStatistics.Merge(full, withoutRange));
    }

    [Fact]
    public void UnobservedSite_IsNamed()
    {
        LayerStatistics statistics = RandomLayer(1, layer: 4);
        Assert.Null(statistics.Find(ActivationSite.HeadInput));
        KeyNotFoundException error = Assert.Throws<KeyNotFoundException>(() => statistics[ActivationSite.HeadInput]);
        Assert.Contains("layer 4", error.Message, StringComparison.Ordinal);
        Assert.Contains("head_input", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void FileOfAnotherKind_IsRefused()
    {
        string path = _directory.File("other");
        using (var writer = new SafetensorsWriter(path, [new SafetensorsDeclaration("x", DType.F32, new Shape(1))]))
        {
            writer.Write("x", [1f]);
            writer.Complete();
        }

        InvalidSafetensorsException error = Assert.Throws<InvalidSafetensorsException>(() => LayerStatistics.Read(path));
        Assert.Contains("mambaquant.layer_statistics.2", error.Message, StringComparison.Ordinal);
    }

    private static LayerStatistics RandomLayer(int seed, int layer)
    {
        var random = new Random(seed);
        return new LayerStatistics(
            layer,
            [
                KeyValuePair.Create(ActivationSite.OutProjInput, RandomSite(random, 6)),
                KeyValuePair.Create(ActivationSite.InProjInput, RandomSite(random, 4) with { Histogram = null }),
                KeyValuePair.Create(ActivationSite.ConvInput, RandomSite(random, 5) with { Moment = null }),
                KeyValuePair.Create(ActivationSite.DtProjInput, new SiteStatistics(RandomSite(random, 1).Range, null, null)),
            ],
            new StateStatistics(
                2,
                [.. Enumerable.Range(0, 6).Select(_ => random.NextSingle())],
                [.. Enumerable.Range(0, 3 * HistogramBins.MagnitudeBinCount).Select(_ => random.NextInt64(5))]));
    }

    private static SiteStatistics RandomSite(Random random, int channels)
    {
        float[] low = [.. Enumerable.Range(0, channels).Select(_ => -random.NextSingle())];
        float[] high = [.. Enumerable.Range(0, channels).Select(_ => random.NextSingle())];
        long[] counts = [.. Enumerable.Range(0, HistogramBins.ValueBinCount).Select(_ => Math.Max(0, random.NextInt64(-9, 3)))];
        double[] sum = [.. Enumerable.Range(0, channels).Select(_ => random.NextDouble())];
        double[] packed = [.. Enumerable.Range(0, SecondMoment.PackedLength(channels)).Select(_ => random.NextDouble())];
        return new SiteStatistics(new ChannelRange(low, high), new SecondMoment(random.Next(1, 100), sum, packed), new ValueHistogram(counts));
    }

    private static void AssertSame(LayerStatistics expected, LayerStatistics found)
    {
        Assert.Equal(expected.Layer, found.Layer);
        Assert.Equal(expected.Sites, found.Sites);
        foreach (ActivationSite site in expected.Sites)
        {
            SiteStatistics a = expected[site];
            SiteStatistics b = found[site];
            Assert.Equal(a.Range?.ChannelMinimum.ToArray(), b.Range?.ChannelMinimum.ToArray());
            Assert.Equal(a.Range?.ChannelMaximum.ToArray(), b.Range?.ChannelMaximum.ToArray());
            Assert.Equal(a.Moment?.Count, b.Moment?.Count);
            Assert.Equal(a.Moment?.Sum.ToArray(), b.Moment?.Sum.ToArray());
            Assert.Equal(a.Moment?.Packed.ToArray(), b.Moment?.Packed.ToArray());
            Assert.Equal(a.Histogram?.Counts.ToArray(), b.Histogram?.Counts.ToArray());
        }

        Assert.Equal(expected.State?.AbsoluteMaximum.ToArray(), found.State?.AbsoluteMaximum.ToArray());
        Assert.Equal(expected.State?.Magnitudes.ToArray(), found.State?.Magnitudes.ToArray());
    }
}
