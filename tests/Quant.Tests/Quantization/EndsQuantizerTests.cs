using MambaQuant.Quant.Kernels;
using MambaQuant.Quant.Kernels.Cpu;
using MambaQuant.Quant.Models;
using MambaQuant.Quant.Quantization;
using MambaQuant.Quant.Statistics;
using MambaQuant.Quant.Tensors;
using Xunit;

namespace MambaQuant.Quant.Tests.Quantization;

public sealed class EndsQuantizerTests : IDisposable
{
    private static readonly Shape Table = new(23, 12);
    private static readonly ModelFamily Family = MambaFamily.For(new MambaConfig
    {
        VocabularySize = 23,
        DModel = 12,
        DInner = 24,
        DState = 4,
        DConv = 4,
        DtRank = 1,
        LayerCount = 1,
        NormEpsilon = 1e-5f,
        UseBias = false,
        UseConvBias = true,
        TieEmbeddings = true,
    });

    private readonly CpuKernels _kernels = new();

    public void Dispose() => _kernels.Dispose();

    [Theory]
    [InlineData(1)]
    [InlineData(7)]
    [InlineData(23)]
    public void Chunks_GiveTheCodesOfTheWholeTable(int rowsAtOnce)
    {
        float[] embeddings = Values(1), head = Values(2);
        QuantizationScheme scheme = Scheme("W4A8", strict: true, symmetric: false);
        (QuantizedEnds ends, LayerQuantizationReport report) = Quantize(scheme, embeddings, head, rowsAtOnce, new GptqOptions(), Moment());
        using (ends)
        {
            using Tensor whole = _kernels.Upload<float>(embeddings, Table);
            using WeightCodes expected = WeightQuantizer.Round(_kernels, whole, scheme.Find("embeddings")!.Weights!);
            Assert.Equal(Download<sbyte>(expected.Codes), Download<sbyte>(ends.EmbeddingCodes!.Codes));
            Assert.Equal(Download<float>(expected.Scales), Download<float>(ends.EmbeddingCodes.Scales));
            Assert.Equal(Download<int>(expected.ZeroPoints!), Download<int>(ends.EmbeddingCodes.ZeroPoints!));

            using Tensor wholeHead = _kernels.Upload<float>(head, Table);
            using Gptq gptq = Gptq.Prepare(_kernels, Moment(), new GptqOptions());
            (WeightCodes compensated, GptqReport loss) = gptq.Quantize(wholeHead, scheme.Find("lm_head")!.Weights!);
            using (compensated)
            {
                Assert.Equal(Download<sbyte>(compensated.Codes), Download<sbyte>(ends.HeadCodes!.Codes));
            }

            Assert.Equal(loss.Loss, report.Modules[1].Gptq!.Loss, 1e-12 * loss.Loss);
            Assert.Equal(WeightQuantizer.Sqnr(_kernels, whole, expected), report.Modules[0].Sqnr, 6);
            Assert.Null(report.Modules[0].Gptq);
            Assert.Equal(["embeddings", "lm_head"], report.Modules.Select(module => module.Module));
            Assert.Equal(ActivationSite.HeadInput, Assert.Single(report.Sites).Site);
            Assert.NotNull(ends.HeadInput);
            Assert.False(ends.HeadIsTied);
        }
    }

    [Fact]
    public void TiedHead_IsTheTable()
    {
        QuantizationScheme scheme = QuantizationSchemes.Parse("W8A8");
        (QuantizedEnds ends, LayerQuantizationReport report) = Quantize(scheme, Values(1), head: null, rowsAtOnce: 10);
        using (ends)
        {
            Assert.True(ends.HeadIsTied);
            Assert.Null(ends.HeadCodes);
            Assert.Null(ends.HeadTable);
            Assert.Equal(ends.EmbeddingArgs, ends.HeadArgs);
            Assert.Single(report.Modules);
        }
    }

    [Fact]
    public void FloatTables_StayAsTheyAre()
    {
        float[] embeddings = Values(1), head = Values(2);
        QuantizationScheme scheme = QuantizationSchemes.Parse("W8A8");
        scheme = scheme with { Modules = scheme.Modules.Remove("lm_head").Remove("embeddings") };
        (QuantizedEnds ends, LayerQuantizationReport report) = Quantize(scheme, embeddings, head, rowsAtOnce: 10);
        using (ends)
        {
            Assert.Equal(embeddings, Download<float>(ends.EmbeddingTable!));
            Assert.Equal(head, Download<float>(ends.HeadTable!));
            Assert.Null(ends.HeadInput);
            Assert.Null(ends.EmbeddingArgs);
            Assert.Empty(report.Modules);
            Assert.Equal(12, Download<float>(ends.FinalNorm).Length);
        }
    }

    [Fact]
    public void MissingRows_AreRefusedAndNothingStaysInMemory()
    {
        long before = _kernels.LiveBytes;
        QuantizationScheme scheme = QuantizationSchemes.Parse("W8A8");
        ArgumentException codes = Assert.Throws<ArgumentException>(() => Quantize(scheme, Values(1)[..120], null, rowsAtOnce: 4));
        Assert.Contains("embeddings: 23 rows are expected, found 10", codes.Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentException>(() => Quantize(scheme, Values(1), Values(2)[..120], rowsAtOnce: 4));
        Assert.Throws<ArgumentException>(() => Quantize(QuantizationSchemes.Parse("W4A8", strict: true), Values(1), Values(2), 4, new GptqOptions()));
        Assert.Equal(before, _kernels.LiveBytes);
    }

    private (QuantizedEnds Ends, LayerQuantizationReport Report) Quantize(
        QuantizationScheme scheme, float[] embeddings, float[]? head, int rowsAtOnce, GptqOptions? gptq = null, SecondMoment? moment = null)
    {
        using Tensor norm = _kernels.Upload<float>([.. Enumerable.Repeat(1f, 12)], new Shape(12));
        var range = new ChannelRange([.. Enumerable.Repeat(-2f, 12)], [.. Enumerable.Repeat(3f, 12)]);
        long[] counts = new long[HistogramBins.ValueBinCount];
        counts[HistogramBins.ValueBin(-1.5f)] = 5;
        counts[HistogramBins.ValueBin(2.5f)] = 5;
        return EndsQuantizer.Quantize(
            _kernels, Family, Table, Chunks(embeddings, rowsAtOnce), head is null ? null : Chunks(head, rowsAtOnce), norm, scheme,
            new SiteStatistics(range, null, new ValueHistogram(counts)), gptq, moment);
    }

    private IEnumerable<Tensor> Chunks(float[] values, int rowsAtOnce)
    {
        for (int first = 0; first < values.Length; first += rowsAtOnce * 12)
        {
            float[] rows = values[first..Math.Min(values.Length, first + (rowsAtOnce * 12))];
            yield return _kernels.Upload<float>(rows, new Shape(rows.Length / 12, 12));
        }
    }

    private T[] Download<T>(Tensor tensor)
        where T : unmanaged
    {
        T[] values = new T[tensor.Shape.ElementCount];
        _kernels.Download(tensor, values.AsSpan());
        return values;
    }

    private static QuantizationScheme Scheme(string name, bool strict, bool symmetric)
    {
        QuantizationScheme scheme = QuantizationSchemes.Parse(name, strict);
        ModuleScheme table = scheme.Find("embeddings")!;
        return scheme with { Modules = scheme.Modules.SetItem("embeddings", table with { Weights = table.Weights! with { Symmetric = symmetric } }) };
    }

    private static float[] Values(int seed)
    {
        var random = new Random(seed);
        return [.. Enumerable.Range(0, 23 * 12).Select(_ => (float)(random.NextDouble() - 0.5))];
    }

    private static SecondMoment Moment()
    {
        var random = new Random(5);
        double[] packed = new double[SecondMoment.PackedLength(12)];
        for (int token = 0; token < 60; token++)
        {
            double shared = random.NextDouble();
            double[] x = [.. Enumerable.Range(0, 12).Select(_ => shared + random.NextDouble() - 0.5)];
            int next = 0;
            for (int i = 0; i < 12; i++)
            {
                for (int j = 0; j <= i; j++)
                {
                    packed[next++] += x[i] * x[j];
                }
            }
        }

        return new SecondMoment(60, new double[12], packed);
    }
}
