using MambaQuant.Quant.Kernels.Cpu;
using MambaQuant.Quant.Method;
using MambaQuant.Quant.Models;
using MambaQuant.Quant.Recipes;
using MambaQuant.Quant.Statistics;
using MambaQuant.Quant.Tensors;
using MambaQuant.Testing;
using Xunit;

namespace MambaQuant.Quant.Tests.Statistics;

public sealed class StatisticsSizeTests
{
    /// <summary>Bytes of the histograms at most: of each only the filled bins are stored.</summary>
    private const long HistogramBytes = 12L << 14;

    [Theory]
    [InlineData(1, RecipePresets.MambaQuant, "W4A8")]
    [InlineData(2, RecipePresets.MambaQuant, "W4A4")]
    [InlineData(3, RecipePresets.SmoothQuant, "W8A8")]
    [InlineData(4, RecipePresets.QuaRot, "W6A6")]
    public void Size_BoundsTheFile(int seed, string preset, string scheme)
    {
        using var folder = new TemporaryDirectory();
        using var kernels = new CpuKernels();
        SyntheticMamba synthetic = RandomMamba.Draw(seed);
        synthetic.Write(folder.Path);
        MambaConfig config = synthetic.Config;
        ModelFamily family = MambaFamily.For(config);
        ObservationPlan plan = ObservationPlans.Original(RecipePresets.Get(preset, scheme), family);
        using MambaCheckpoint checkpoint = MambaCheckpoint.Open(folder.Path);
        using MambaBlock block = FloatBlock.Build(kernels, config, checkpoint.LoadLayer(kernels, 0), OnlineTransforms.None);
        using var observer = new LayerObserver(kernels, plan, layer: 0, config);
        using BlockState state = BlockState.Zero(kernels, config, 2);
        using Tensor hidden = kernels.Allocate(DType.F32, new Shape(2, 9, config.DModel));
        block.Forward(kernels, hidden, state, observer);
        LayerStatistics statistics = observer.ToStatistics();
        string path = folder.File("statistics.safetensors");
        statistics.Write(path);

        // Every site was seen, so what is left between bound and file is header and empty bins.
        long bound = StatisticsSize.OfLayer(plan, family, config);
        long slack = 8192 + (plan.Histograms.Count * HistogramBytes);
        Assert.InRange(new FileInfo(path).Length, Math.Max(1, bound - slack), bound);
        Assert.All(statistics.Sites, site => Assert.Equal(family.SiteWidths[site], Width(statistics[site])));
    }

    private static int Width(SiteStatistics statistics) => statistics.Range?.Channels ?? statistics.Moment!.Channels;
}
