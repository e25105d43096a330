using MambaQuant.Pipeline.Local;
using MambaQuant.Quant.Datasets;
using MambaQuant.Quant.Kernels;
using MambaQuant.Quant.Models;
using MambaQuant.Quant.Recipes;
using MambaQuant.Quant.Statistics;
using MambaQuant.Testing;
using Xunit;

namespace MambaQuant.Pipeline.Tests.Local;

public sealed class LocalEngineFailureTests : IDisposable
{
    private readonly OpaqueKernels _kernels = new();

    public void Dispose() => _kernels.Dispose();

    [Theory]
    [InlineData(RecipePresets.RoundToNearest, "W8A16")]
    [InlineData(RecipePresets.MambaQuant, "W8A8")]
    public void NaNInAWeight_NamesIt_AndLeavesNothing(string preset, string scheme)
    {
        using TinyModel model = Damaged("backbone.layers.1.mixer.x_proj.weight", float.NaN, index: 5);
        NonFiniteWeightException failure = Assert.Throws<NonFiniteWeightException>(
            () => model.Quantize(_kernels, TinyModel.Preset(preset, scheme)));
        Assert.Equal("backbone.layers.1.mixer.x_proj.weight", failure.Tensor);
        Assert.Equal(5, failure.Index);
        AssertNothingIsLeft(model);
    }

    [Fact]
    public void DivergedModel_CannotSampleItsOwnText()
    {
        using TinyModel model = Damaged("backbone.layers.1.mixer.in_proj.weight", 1e30f);
        Assert.Throws<NumericalException>(() => model.Quantize(_kernels, TinyModel.Preset(RecipePresets.RoundToNearest)));
        AssertNothingIsLeft(model);
    }

    [Theory]
    [InlineData(RecipePresets.RoundToNearest)]
    [InlineData(RecipePresets.MambaQuant)]
    public void OverflowInAnActivation_NamesTheLayer_AndLeavesNothing(string preset)
    {
        using TinyModel model = Damaged("backbone.layers.1.mixer.in_proj.weight", 1e30f, vocabulary: 4096);
        NonFiniteActivationException failure = Assert.Throws<NonFiniteActivationException>(
            () => QuantizeWithText(model, preset, samples: 4));
        Assert.Equal(1, failure.Layer);
        AssertNothingIsLeft(model);
    }

    [Fact]
    public void TooLittleText_IsRefused_AndLeavesNothing()
    {
        using TinyModel model = Damaged("", 0, vocabulary: 4096);
        Assert.Throws<InsufficientTextException>(() => QuantizeWithText(model, RecipePresets.MambaQuant, samples: 100_000));
        AssertNothingIsLeft(model);
    }

    /// <summary>A model one of whose weights is not what it should be, at one index or throughout.</summary>
    private static TinyModel Damaged(string tensor, float value, int? index = null, int? vocabulary = null) => new(TinyModel.Synthetic with
    {
        Config = TinyModel.Synthetic.Config with { VocabularySize = vocabulary ?? TinyModel.Synthetic.Config.VocabularySize },
        Edit = (name, values) =>
        {
            if (name == tensor)
            {
                Array.Fill(values, value, index ?? 0, index is null ? values.Length : 1);
            }
        },
    });

    /// <summary>Calibrates on the sample's text with the sample's tokenizer.</summary>
    private void QuantizeWithText(TinyModel model, string preset, int samples)
    {
        File.Copy(Repository.Path("samples", "mamba-5m", "tokenizer.json"), Path.Combine(model.Path, "tokenizer.json"));
        QuantizeOptions options = model.Options(TinyModel.Preset(preset));
        new LocalEngine(_kernels, TimeProvider.System).Quantize(
            options with
            {
                Calibration = options.Calibration with { Source = Repository.Path("samples", "mamba-5m", "eval.txt"), Samples = samples },
            },
            new StageLog(),
            CancellationToken.None);
    }

    private void AssertNothingIsLeft(TinyModel model)
    {
        Assert.Empty(model.Others);
        Assert.Empty(_kernels.LiveTensors);
    }
}
