using MambaQuant.Pipeline.Driving;
using MambaQuant.Pipeline.Local;
using MambaQuant.Pipeline.Tests.Local;
using MambaQuant.Quant.Kernels.Cpu;
using MambaQuant.Quant.Recipes;
using MambaQuant.Testing;

namespace MambaQuant.Telemetry.Tests;

/// <summary>Real jobs of the embedded engine that take a second or two.</summary>
internal static class SmallRun
{
    /// <summary>Quantizes a tiny model.</summary>
    /// <param name="preset">The recipe.</param>
    /// <param name="weights">The model; null for a usual one.</param>
    /// <param name="heard">Called whenever a stage is further, within the run; null for nobody.</param>
    public static void Quantize(string preset = RecipePresets.MambaQuant, SyntheticMamba? weights = null, Action? heard = null)
    {
        using var model = new TinyModel(weights);
        using var backends = new CpuBackends(2);
        QuantizeOptions options = model.Options(TinyModel.Preset(preset)) with { Workers = 2, Plan = new() { Blocks = 2, Shards = 2 } };
        new LocalEngine(backends, TimeProvider.System).Quantize(options, new Listening(heard), CancellationToken.None);
    }

    /// <summary>Quantizes the sample model and judges it by a line of text.</summary>
    public static void Evaluate()
    {
        using var folder = new TemporaryDirectory();
        using var backends = new CpuBackends(2);
        File.WriteAllText(folder.File("text"), "The first line of a text that is judged, and there is no second one.");
        var options = new QuantizeOptions
        {
            ModelPath = Repository.Path("samples/mamba-5m"),
            OutputPath = folder.File("out"),
            Targets = [new QuantizeTarget(TinyModel.Preset(RecipePresets.RoundToNearest), folder.File("out"))],
            Calibration = new CalibrationOptions { Samples = 2, SequenceLength = 16 },
            Evaluation = new EvaluationTextOptions(folder.File("text")) { WindowLength = 8 },
            Workers = 2,
        };
        new LocalEngine(backends, TimeProvider.System).Quantize(options, new Listening(null), CancellationToken.None);
    }

    private sealed class Listening(Action? heard) : IProgress<StageProgress>
    {
        public void Report(StageProgress value) => heard?.Invoke();
    }
}
