using MambaQuant.Pipeline.Driving;
using MambaQuant.Pipeline.Local;
using MambaQuant.Quant.Evaluation;
using MambaQuant.Quant.Inference;
using MambaQuant.Quant.Kernels.Cpu;
using MambaQuant.Quant.Recipes;

namespace MambaQuant.Reports;

/// <summary>Quantizes and judges, one experiment after the other, in a temporary folder.</summary>
internal sealed class Laboratory : IDisposable
{
    private readonly CpuKernels _kernels = new();
    private readonly string _folder = Directory.CreateTempSubdirectory("mambaquant-reports-").FullName;
    private readonly Dictionary<string, double> _floats = [];
    private int _count;

    /// <summary>Calibration sequences and their length.</summary>
    public (int Samples, int SequenceLength) Calibration { get; init; } = (64, 512);

    /// <summary>The numerics profile, for the head of a report.</summary>
    public string Profile => _kernels.Profile;

    /// <summary>The float model's perplexity.</summary>
    /// <param name="subject">Model and text.</param>
    public double FloatPerplexity(Subject subject)
    {
        if (!_floats.TryGetValue(subject.Name, out double perplexity))
        {
            perplexity = Evaluate(subject, subject.ModelPath).Perplexity;
            _floats[subject.Name] = perplexity;
        }

        return perplexity;
    }

    /// <summary>Quantizes a model.</summary>
    /// <param name="subject">Model and text.</param>
    /// <param name="recipe">What to do.</param>
    /// <param name="seed">Seed of the calibration windows.</param>
    public QuantizeResult Quantize(Subject subject, Recipe recipe, ulong seed) => new LocalEngine(_kernels, TimeProvider.System).Quantize(
        QuantizeOptions.Of(subject.ModelPath, Path.Combine(_folder, $"{_count++:D4}"), recipe) with
        {
            Calibration = new CalibrationOptions
            {
                Source = subject.CalibrationPath,
                Samples = Calibration.Samples,
                SequenceLength = Calibration.SequenceLength,
                Seed = seed,
            },
        },
        new Progress<StageProgress>(),
        CancellationToken.None);

    /// <summary>Quantizes a model and judges the result as it was written.</summary>
    /// <param name="subject">Model and text.</param>
    /// <param name="recipe">What to do.</param>
    /// <param name="seed">Seed of the calibration windows.</param>
    public Measurement Measure(Subject subject, Recipe recipe, ulong seed)
    {
        long started = TimeProvider.System.GetTimestamp();
        QuantizeResult result = Quantize(subject, recipe, seed);
        TimeSpan elapsed = TimeProvider.System.GetElapsedTime(started);
        EvaluationResult evaluation = Evaluate(subject, result.OutputPath);
        string stages = string.Join(", ", result.Durations.Select(stage => $"{stage.Stage} {stage.Elapsed.TotalSeconds:F1}"));
        Console.Error.WriteLine(
            $"{subject.Name} {recipe.Name} {recipe.Quantization?.Scheme.Name} seed {seed}: {evaluation.Perplexity:F4} at {evaluation.TokensPerSecond:F0} tokens/s (seconds: {stages})");
        return new Measurement(evaluation.Perplexity, result.QuantizedBytes, elapsed, evaluation.TokensPerSecond, result.OutputPath);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _kernels.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    private EvaluationResult Evaluate(Subject subject, string path)
    {
        using LoadedModel loaded = LanguageModels.Open(_kernels, path);
        return Evaluator.Evaluate(_kernels, loaded.Model, subject.Windows, TimeProvider.System);
    }
}
