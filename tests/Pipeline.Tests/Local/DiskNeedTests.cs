using MambaQuant.Pipeline.Driving;
using MambaQuant.Pipeline.Local;
using MambaQuant.Pipeline.Planning;
using MambaQuant.Quant.Checkpoints;
using MambaQuant.Quant.Kernels.Cpu;
using MambaQuant.Quant.Models;
using MambaQuant.Quant.Recipes;
using MambaQuant.Quant.Tensors;
using MambaQuant.Testing;
using Xunit;

namespace MambaQuant.Pipeline.Tests.Local;

public sealed class DiskNeedTests : IDisposable
{
    private readonly CpuKernels _kernels = new();

    public void Dispose() => _kernels.Dispose();

    [Theory]
    [InlineData(RecipePresets.RoundToNearest, "W8A16", false, true)]
    [InlineData(RecipePresets.RoundToNearest, "W4A8", true, false)]
    [InlineData(RecipePresets.SmoothQuant, "W4A8", false, true)]
    [InlineData(RecipePresets.QuaRot, "W4A4", true, true)]
    [InlineData(RecipePresets.MambaQuantPortable, "W8A8", false, false)]
    [InlineData(RecipePresets.MambaQuant, "W4A8", false, true)]
    [InlineData(RecipePresets.MambaQuant, "W6A6", true, false)]
    public void Need_IsWhatARunTakes(string preset, string scheme, bool strict, bool tied)
    {
        SyntheticMamba synthetic = TinyModel.Synthetic with
        {
            DType = DType.F16,
            Config = TinyModel.Synthetic.Config with { TieEmbeddings = tied, LayerCount = 3, UseBias = strict },
        };
        using var model = new TinyModel(synthetic);
        QuantizeOptions options = model.Options(TinyModel.Preset(preset, scheme, strict));
        DiskNeed need;
        QuantizedModelLayout planned;
        using (MambaCheckpoint checkpoint = MambaCheckpoint.Open(model.Path))
        {
            need = DiskNeed.Of(checkpoint, [options.Targets[0].Recipe], options.Calibration, options.Plan);
            planned = QuantizedModelLayout.Planned(checkpoint.Config, options.Targets[0].Recipe, checkpoint.HasSeparateHead);
        }

        var usage = new Usage(model);
        QuantizeResult result = new LocalEngine(_kernels, TimeProvider.System).Quantize(options, usage, CancellationToken.None);

        using (QuantizedCheckpoint written = QuantizedCheckpoint.Open(model.File("out")))
        {
            Assert.Equal(written.Layout, planned);
        }

        Assert.Equal(result.QuantizedBytes, need.ResultBytes);

        // Histograms are counted as if every bin were filled, which is most of it in so small a model. Measured: a 33rd.
        Assert.InRange(usage.LargestStore, need.StoreBytes / 40, need.StoreBytes);
        Assert.InRange(Math.Max(usage.LargestSum, Size(model.File("out"))), 1, need.PeakBytes);
    }

    [Fact]
    public void Store_GrowsWithTheSamplesOfASearch()
    {
        using var model = new TinyModel();
        using MambaCheckpoint checkpoint = MambaCheckpoint.Open(model.Path);
        Recipe recipe = TinyModel.Preset(RecipePresets.MambaQuant);
        var few = new CalibrationOptions { Samples = 64, SequenceLength = 512, SearchSamples = 8 };
        DiskNeed need = DiskNeed.Of(checkpoint, [recipe], few, new PlanOptions());
        DiskNeed more = DiskNeed.Of(checkpoint, [recipe], few with { SearchSamples = 9 }, new PlanOptions());

        Assert.Equal(512L * 12 * sizeof(float) * checkpoint.Config.LayerCount, more.StoreBytes - need.StoreBytes);
        Assert.True(more.PeakBytes > need.PeakBytes);
    }

    private static long Size(string folder) => Directory.Exists(folder)
        ? Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories).Sum(path => new FileInfo(path).Length)
        : 0;

    /// <summary>Looks at the disk whenever the run reports.</summary>
    private sealed class Usage(TinyModel model) : IProgress<StageProgress>
    {
        public long LargestStore { get; private set; }

        public long LargestSum { get; private set; }

        public void Report(StageProgress value)
        {
            long store = Size(model.File("out.work"));
            LargestStore = Math.Max(LargestStore, store);
            LargestSum = Math.Max(LargestSum, store + Size(model.File("out.partial")));
        }
    }
}
