using MambaQuant.Quant.Datasets;
using MambaQuant.Quant.Evaluation;
using MambaQuant.Quant.Inference;
using MambaQuant.Quant.Kernels.Cpu;
using MambaQuant.Quant.Method;
using MambaQuant.Quant.Models;
using MambaQuant.Quant.Recipes;
using MambaQuant.Quant.Tokenization;

namespace MambaQuant.Quant.Tests.Documentation;

/// <summary>The program of docs/library.md: what stands between the two marks is printed there word for word.</summary>
internal static class LibraryExample
{
    /// <summary>Runs it.</summary>
    public static EvaluationResult Run(string modelFolder, string textFile, string outputFolder)
    {
        // BEGIN
        // Load the float model.
        using var kernels = new CpuKernels();
        using MambaCheckpoint checkpoint = MambaCheckpoint.Open(modelFolder);
        using MambaLanguageModel model = MambaLanguageModels.LoadFloat(kernels, checkpoint);
        var context = new MethodContext(kernels, checkpoint, RecipePresets.Get("mambaquant", "W8A8"));

        // Calibrate: observe the float model on text, here on text that it writes itself.
        CalibrationSet calibration = SelfSampler.Sample(kernels, model, samples: 4, sequenceLength: 32, seed: 1);
        ModelStatistics observed = ModelStages.Observe(context, calibration);

        // Transform: choose rotations and smoothing factors, then observe the transformed float model.
        TransformChoice choice = ModelStages.ChooseTransform(context, calibration, observed);
        ModelStatistics ranges = ModelStages.Observe(context, calibration, choice);

        // Quantize.
        using QuantizedModel quantized = ModelStages.Quantize(context, choice, observed, ranges);

        // Write a checkpoint folder.
        quantized.Write(outputFolder, calibration, seed: 1);

        // Evaluate what was written, beside the float model.
        BytePairTokenizer tokenizer = BytePairTokenizer.Load(Path.Combine(modelFolder, "tokenizer.json"));
        int[] tokens = CalibrationSampler.Tokenize(tokenizer, TextFile.Read(textFile));
        using LoadedModel loaded = LanguageModels.Open(kernels, outputFolder);
        EvaluationResult result = Evaluator.Evaluate(
            kernels, loaded.Model, EvaluationWindows.Cut(tokens.AsMemory(0, 512), windowLength: 256), TimeProvider.System, reference: model);
        Console.WriteLine($"perplexity {result.Perplexity:F2}, KL {result.KlMean:F4}, same first choice {result.Top1Agreement:P1}");
        // END
        return result;
    }
}
