using MambaQuant.Pipeline.Driving;
using MambaQuant.Pipeline.Local;
using MambaQuant.Quant.Datasets;
using MambaQuant.Quant.Inference;
using MambaQuant.Quant.Kernels;
using MambaQuant.Quant.Models;
using MambaQuant.Quant.Quantization;
using MambaQuant.Quant.Recipes;
using MambaQuant.Quant.Tensors;
using MambaQuant.Testing;

namespace MambaQuant.Pipeline.Tests.Local;

/// <summary>A small random model in a folder of its own, and runs of the engine beside it.</summary>
internal sealed class TinyModel : IDisposable
{
    private readonly TemporaryDirectory _folder = new();

    public TinyModel(SyntheticMamba? model = null)
    {
        Directory.CreateDirectory(Path);
        (model ?? Synthetic).Write(Path);
    }

    /// <summary>Sequences that a run calibrates on, and their length.</summary>
    public const int Samples = 5, SequenceLength = 16;

    /// <summary>Two layers, every width with a Hadamard matrix, no power of two among the large ones.</summary>
    public static SyntheticMamba Synthetic { get; } = new()
    {
        Seed = 7,
        Config = new SyntheticMamba().Config with { VocabularySize = 40, DModel = 12, DInner = 24, DState = 4, DtRank = 4 },
        Edit = Tame,
    };

    public string Path => _folder.File("model");

    /// <summary>What lies beside the model, by name.</summary>
    public string[] Others => [.. Directory.EnumerateFileSystemEntries(_folder.Path)
        .Where(path => path != Path).Select(path => System.IO.Path.GetFileName(path)).Order(StringComparer.Ordinal)];

    public string File(string name) => _folder.File(name);

    /// <summary>A preset whose searches try two strengths, so that a test is quick.</summary>
    public static Recipe Preset(string name, string scheme = "W8A8", bool strict = false)
    {
        Recipe recipe = RecipePresets.Get(name, scheme, strict);
        return recipe.Smoothings.Where(smoothing => smoothing.Strength.IsSearched).ToList().Aggregate(
            recipe, (sum, smoothing) => sum.With(smoothing with { Strength = SmoothingStrength.Search(0.3, 0.7) }));
    }

    public QuantizeOptions Options(Recipe recipe, string output = "out", ulong seed = 1) => QuantizeOptions.Of(Path, File(output), recipe) with
    {
        Calibration = new CalibrationOptions { Samples = Samples, SequenceLength = SequenceLength, SearchSamples = 4, Seed = seed },
    };

    public QuantizeResult Quantize(IKernels kernels, Recipe recipe, string output = "out", ulong seed = 1) =>
        new LocalEngine(kernels, TimeProvider.System).Quantize(Options(recipe, output, seed), new Silence(), CancellationToken.None);

    /// <summary>The sequences that a run calibrates on.</summary>
    public CalibrationSet Calibration(IKernels kernels, ulong seed = 1)
    {
        using MambaCheckpoint checkpoint = MambaCheckpoint.Open(Path);
        using MambaLanguageModel model = MambaLanguageModels.LoadFloat(kernels, checkpoint);
        return SelfSampler.Sample(kernels, model, Samples, SequenceLength, seed);
    }

    /// <summary>Logits of the text that a run calibrates on: what lies within the calibrated ranges measures quantization, not clipping.</summary>
    public float[] Logits(IKernels kernels, string folder, QuantizedArithmetic arithmetic = QuantizedArithmetic.Integer)
    {
        using LoadedModel loaded = LanguageModels.Open(kernels, folder, arithmetic);
        using ModelState state = ModelState.Zero(kernels, loaded.Model.Config, Samples);
        int[] tokens = [.. Calibration(kernels).Sequences.SelectMany(sequence => sequence)];
        using Tensor logits = loaded.Model.Logits(kernels, tokens, Samples, state);
        var values = new float[logits.Shape.ElementCount];
        kernels.Download(logits, values.AsSpan());
        return values;
    }

    /// <summary>Root of Σ (a − b)² / Σ b².</summary>
    public static double RelativeError(float[] actual, float[] expected) =>
        Math.Sqrt(actual.Zip(expected, (a, b) => Math.Pow(a - b, 2)).Sum() / expected.Sum(value => (double)value * value));

    /// <summary>Every file of a checkpoint but run.json, by name.</summary>
    public IReadOnlyDictionary<string, byte[]> Files(string output) => Directory.GetFiles(File(output))
        .Where(path => System.IO.Path.GetFileName(path) != "run.json")
        .ToDictionary(path => System.IO.Path.GetFileName(path), System.IO.File.ReadAllBytes, StringComparer.Ordinal);

    public void Dispose() => _folder.Dispose();

    /// <summary>Weaker projections than the generator's: a random block amplifies noise, a trained one does not.</summary>
    private static void Tame(string name, float[] values)
    {
        if (name.EndsWith("proj.weight", StringComparison.Ordinal))
        {
            System.Numerics.Tensors.TensorPrimitives.Multiply(values, 0.55f, values);
        }
    }

    private sealed class Silence : IProgress<StageProgress>
    {
        public void Report(StageProgress value)
        {
        }
    }
}
