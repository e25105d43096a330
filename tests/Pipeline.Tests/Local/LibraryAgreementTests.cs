using MambaQuant.Quant.Datasets;
using MambaQuant.Quant.Method;
using MambaQuant.Quant.Models;
using MambaQuant.Quant.Recipes;
using MambaQuant.Testing;
using Xunit;

namespace MambaQuant.Pipeline.Tests.Local;

/// <summary>The engine streams layers through disk, the library's stages hold a model in memory: the same files come out.</summary>
public sealed class LibraryAgreementTests
{
    [Theory]
    [InlineData(RecipePresets.RoundToNearest, "W8A8")]
    [InlineData(RecipePresets.SmoothQuant, "W4A8")]
    [InlineData(RecipePresets.QuaRot, "W4A16")]
    [InlineData(RecipePresets.MambaQuant, "W4A8")]
    public void Stages_WriteTheFilesOfTheEngine(string preset, string scheme)
    {
        using var model = new TinyModel();
        using var kernels = new OpaqueKernels();
        Recipe recipe = TinyModel.Preset(preset, scheme);
        model.Quantize(kernels, recipe, "engine");
        WithStages(kernels, model, recipe, "stages");

        IReadOnlyDictionary<string, byte[]> engine = model.Files("engine"), stages = model.Files("stages");
        Assert.Equal(engine.Keys.Order(StringComparer.Ordinal), stages.Keys.Order(StringComparer.Ordinal));
        Assert.All(engine, file => Assert.True(file.Value.AsSpan().SequenceEqual(stages[file.Key]), $"{file.Key} differs"));
        Assert.Empty(kernels.LiveTensors);
    }

    [Fact]
    public void RotatedNorm_IsSmoothedByTheStagesToo()
    {
        using var model = new TinyModel();
        using var kernels = new OpaqueKernels();
        Recipe recipe = TinyModel.Preset(RecipePresets.MambaQuant)
            .With(new SmoothingModifier(SmoothingSite.NormToInProj, SmoothingStrength.Fixed(0.5)));
        WithStages(kernels, model, recipe, "stages");

        // Measured: 0.0096.
        Assert.InRange(TinyModel.RelativeError(model.Logits(kernels, model.File("stages")), model.Logits(kernels, model.Path)), 0, 0.03);
        Assert.Empty(kernels.LiveTensors);
    }

    [Fact]
    public void SequentialCompensation_IsRefusedByTheStages()
    {
        using var model = new TinyModel();
        using var kernels = new OpaqueKernels();
        Recipe recipe = TinyModel.Preset(RecipePresets.QuaRot, "W4A8").With(new GptqModifier(Sequential: true));
        Assert.Throws<NotSupportedException>(() => WithStages(kernels, model, recipe, "stages"));
        Assert.Empty(kernels.LiveTensors);
        Assert.Empty(model.Others);
    }

    private static void WithStages(OpaqueKernels kernels, TinyModel model, Recipe recipe, string output)
    {
        CalibrationSet calibration = model.Calibration(kernels);
        using MambaCheckpoint checkpoint = MambaCheckpoint.Open(model.Path);
        var context = new MethodContext(kernels, checkpoint, recipe);
        ModelStatistics observed = ModelStages.Observe(context, calibration);
        TransformChoice choice = ModelStages.ChooseTransform(context, calibration, observed, searchSamples: 4);
        ModelStatistics ranges = ModelStages.Observe(context, calibration, choice);
        using QuantizedModel quantized = ModelStages.Quantize(context, choice, observed, ranges);
        quantized.Write(model.File(output), calibration, seed: 1);
    }
}
