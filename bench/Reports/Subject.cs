using MambaQuant.Quant.Datasets;
using MambaQuant.Quant.Kernels;
using MambaQuant.Quant.Tokenization;

namespace MambaQuant.Reports;

/// <summary>A float model and the text that judges its quantized forms.</summary>
/// <param name="Name">Its name in tables.</param>
/// <param name="ModelPath">Folder of the checkpoint.</param>
/// <param name="CalibrationPath">Text to calibrate on.</param>
/// <param name="Windows">Windows of the evaluation text.</param>
internal sealed record Subject(string Name, string ModelPath, string CalibrationPath, IReadOnlyList<ReadOnlyMemory<int>> Windows)
{
    private const int WindowTokens = 512;

    /// <summary>Loads a subject.</summary>
    /// <param name="modelPath">Folder of the checkpoint.</param>
    /// <param name="calibrationPath">Text to calibrate on.</param>
    /// <param name="textPath">Text to judge on.</param>
    /// <param name="windows">How many windows, evenly spread over the text; 0 for all.</param>
    public static Subject Load(string modelPath, string calibrationPath, string textPath, int windows)
    {
        BytePairTokenizer tokenizer = BytePairTokenizer.Load(Path.Combine(modelPath, "tokenizer.json"));
        int[] tokens = CalibrationSampler.Tokenize(tokenizer, TextFile.Read(textPath));
        IReadOnlyList<ReadOnlyMemory<int>> all = EvaluationWindows.Cut(tokens, WindowTokens);
        IReadOnlyList<ReadOnlyMemory<int>> chosen = windows == 0 || windows >= all.Count
            ? all
            : [.. Enumerable.Range(0, windows).Select(i => all[(int)((long)i * all.Count / windows)])];
        return new Subject(Path.GetFileName(Path.TrimEndingDirectorySeparator(modelPath)), modelPath, calibrationPath, chosen);
    }
}
