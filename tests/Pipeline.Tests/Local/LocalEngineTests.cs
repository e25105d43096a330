using MambaQuant.Pipeline.Driving;
using MambaQuant.Pipeline.Local;
using MambaQuant.Quant.Checkpoints;
using MambaQuant.Quant.Kernels.Cpu;
using MambaQuant.Quant.Models;
using MambaQuant.Quant.Recipes;
using MambaQuant.Testing;
using Xunit;

namespace MambaQuant.Pipeline.Tests.Local;

public sealed class LocalEngineTests : IDisposable
{
    private readonly TinyModel _model = new();

    public void Dispose() => _model.Dispose();

    [Fact]
    public void Versions_StandInTheRunFileAlone()
    {
        using var kernels = new CpuKernels(new CpuKernelsOptions { Threads = 1 });
        _model.Quantize(kernels, TinyModel.Preset(RecipePresets.RoundToNearest), "versions");
        string runtime = System.Runtime.InteropServices.RuntimeInformation.FrameworkDescription;
        Assert.Contains($"\"{runtime}\"", File.ReadAllText(Path.Combine(_model.File("versions"), "run.json")), StringComparison.Ordinal);
        Assert.All(_model.Files("versions"), file => Assert.DoesNotContain(runtime, System.Text.Encoding.UTF8.GetString(file.Value), StringComparison.Ordinal));
    }

    [Fact]
    public void SameSeed_GivesTheSameBytes_WhateverTheThreads()
    {
        Recipe recipe = TinyModel.Preset(RecipePresets.MambaQuant, "W4A8");
        foreach (int threads in new[] { 1, 3 })
        {
            using var kernels = new CpuKernels(new CpuKernelsOptions { Threads = threads });
            _model.Quantize(kernels, recipe, $"threads-{threads}");
        }

        IReadOnlyDictionary<string, byte[]> one = _model.Files("threads-1"), three = _model.Files("threads-3");
        Assert.Equal(
            ["config.json", "manifest.json", "model.safetensors", "pictures.json", "recipe.yaml", "report.json", "report.md"], one.Keys.Order(StringComparer.Ordinal));
        Assert.Equal(one.Keys.Order(StringComparer.Ordinal), three.Keys.Order(StringComparer.Ordinal));
        Assert.All(one, file => Assert.True(file.Value.AsSpan().SequenceEqual(three[file.Key]), $"{file.Key} differs between 1 and 3 threads"));
    }

    [Fact]
    public void AnotherSeed_CalibratesOnOtherText()
    {
        using var kernels = new CpuKernels();
        Recipe recipe = TinyModel.Preset(RecipePresets.RoundToNearest);
        _model.Quantize(kernels, recipe, "first", seed: 1);
        _model.Quantize(kernels, recipe, "second", seed: 2);
        Assert.NotEqual(_model.Files("first")["model.safetensors"], _model.Files("second")["model.safetensors"]);
    }

    [Fact]
    public void SequentialGptq_RunsForEveryModule_AndGivesOtherCodes()
    {
        using var kernels = new CpuKernels();
        foreach (string preset in new[] { RecipePresets.SmoothQuant, RecipePresets.QuaRot, RecipePresets.MambaQuant })
        {
            Recipe parallel = TinyModel.Preset(preset, "W4A4", strict: true);
            Recipe sequential = parallel.With(parallel.Gptq! with { Sequential = true });
            _model.Quantize(kernels, parallel, preset);
            _model.Quantize(kernels, sequential, $"{preset}-sequential");
            Assert.NotEqual(_model.Files(preset)["model.safetensors"], _model.Files($"{preset}-sequential")["model.safetensors"]);
            Assert.All(_model.Logits(kernels, _model.File($"{preset}-sequential")), logit => Assert.True(float.IsFinite(logit)));
        }
    }

    [Fact]
    public void FullOutputFolder_IsRefusedBeforeAnyWork()
    {
        using var kernels = new CpuKernels();
        Directory.CreateDirectory(_model.File("out"));
        File.WriteAllText(Path.Combine(_model.File("out"), "thesis.txt"), "mine");
        var stages = new StageLog();
        Assert.Throws<OutputDirectoryException>(() => new LocalEngine(kernels, TimeProvider.System).Quantize(
            _model.Options(TinyModel.Preset(RecipePresets.MambaQuant)), stages, CancellationToken.None));
        Assert.Equal([Stages.Prepare], stages.Names);
        Assert.Equal("mine", File.ReadAllText(Path.Combine(_model.File("out"), "thesis.txt")));
        Assert.Equal(["out"], _model.Others);
    }

    [Fact]
    public void SomebodyElsesWorkFolder_IsLeftAlone()
    {
        using var kernels = new CpuKernels();
        Directory.CreateDirectory(_model.File("out.work"));
        File.WriteAllText(Path.Combine(_model.File("out.work"), "notes.txt"), "mine");
        Assert.Throws<OutputDirectoryException>(() => _model.Quantize(kernels, TinyModel.Preset(RecipePresets.RoundToNearest)));
        Assert.Equal("mine", File.ReadAllText(Path.Combine(_model.File("out.work"), "notes.txt")));
        Assert.Equal(["out.work"], _model.Others);
    }

    [Fact]
    public void RotationWithoutAHadamardMatrix_IsRefusedBeforeAnyWork()
    {
        using var odd = new TinyModel(TinyModel.Synthetic with { Config = TinyModel.Synthetic.Config with { DInner = 22 } });
        using var kernels = new CpuKernels();
        var stages = new StageLog();
        InvalidRecipeException refusal = Assert.Throws<InvalidRecipeException>(() => new LocalEngine(kernels, TimeProvider.System).Quantize(
            odd.Options(TinyModel.Preset(RecipePresets.QuaRot)), stages, CancellationToken.None));
        Assert.Contains("22", refusal.Message, StringComparison.Ordinal);
        Assert.Equal([Stages.Prepare], stages.Names);
        Assert.Empty(odd.Others);
    }

    [Fact]
    public void TooFewSamples_AreRefused()
    {
        using var kernels = new CpuKernels();
        QuantizeOptions options = _model.Options(TinyModel.Preset(RecipePresets.RoundToNearest));
        foreach (CalibrationOptions calibration in new[]
        {
            options.Calibration with { Samples = 1 }, options.Calibration with { SequenceLength = 1 }, options.Calibration with { SearchSamples = 1 },
        })
        {
            Assert.Throws<ArgumentOutOfRangeException>(() => new LocalEngine(kernels, TimeProvider.System).Quantize(
                options with { Calibration = calibration }, new StageLog(), CancellationToken.None));
        }

        Assert.Empty(_model.Others);
    }

    [Fact]
    public void WeightOnlyRounding_CalibratesOnNothing()
    {
        using var kernels = new CpuKernels();
        var stages = new StageLog();
        QuantizeResult result = new LocalEngine(kernels, TimeProvider.System).Quantize(
            _model.Options(TinyModel.Preset(RecipePresets.RoundToNearest, "W8A16")), stages, CancellationToken.None);
        Assert.Equal([Stages.Prepare, Stages.Quantize, Stages.Assemble], stages.Names);
        Assert.Equal(0, result.CalibrationTokens);
    }

    [Fact]
    public void Progress_NamesTheStagesInOrder_AndEndsEachOfThem()
    {
        using var kernels = new CpuKernels();
        var stages = new StageLog();
        QuantizeResult result = new LocalEngine(kernels, TimeProvider.System).Quantize(
            _model.Options(TinyModel.Preset(RecipePresets.MambaQuant)), stages, CancellationToken.None);
        string[] expected =
        [
            Stages.Prepare, Stages.SampleSelf, Stages.ObserveOriginal, Stages.ResidualRotation,
            Stages.SearchSmoothing, Stages.ObserveTransformed, Stages.Quantize, Stages.Assemble,
        ];
        Assert.Equal(expected, stages.Names);
        Assert.All(expected, stage => Assert.True(
            stages.Reports.Last(report => report.Stage == stage) is { Total: > 0 } last && last.Done == last.Total, $"{stage} never ends"));
        Assert.All(expected, stage => Assert.True(
            stages.Reports.Where(report => report.Stage == stage).Zip(stages.Reports.Where(report => report.Stage == stage).Skip(1))
                .All(pair => pair.First.Done <= pair.Second.Done), $"{stage} runs backwards"));
        Assert.Equal(expected, result.Durations.Select(duration => duration.Stage));
        Assert.Equal(TinyModel.Samples * TinyModel.SequenceLength, result.CalibrationTokens);
        Assert.Equal(["out"], _model.Others);
    }

    [Fact]
    public void LayerThatAddsNothing_IsQuantizedAndReported()
    {
        using var silent = new TinyModel(TinyModel.Synthetic with
        {
            Edit = (name, values) => Array.Fill(values, 0, 0, name.Contains("layers.0.mixer.out_proj", StringComparison.Ordinal) ? values.Length : 0),
        });
        using var kernels = new CpuKernels();
        silent.Quantize(kernels, TinyModel.Preset(RecipePresets.MambaQuant));
        Assert.All(silent.Logits(kernels, silent.File("out")), logit => Assert.True(float.IsFinite(logit)));
    }
}
