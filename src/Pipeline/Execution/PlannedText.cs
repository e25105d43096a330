using MambaQuant.Quant.Datasets;
using MambaQuant.Quant.Tokenization;

namespace MambaQuant.Pipeline.Execution;

/// <summary>Reads a text as the plan means it.</summary>
internal static class PlannedText
{
    private const string TokenizerFile = "tokenizer.json";

    /// <summary>Token ids of a text.</summary>
    /// <param name="bench">What the worker has.</param>
    /// <param name="textPath">The text.</param>
    /// <param name="text">Its hash when the job was planned.</param>
    /// <param name="tokenizer">The hash of the model's tokenizer when the job was planned.</param>
    /// <exception cref="IOException">A file is not the one that was planned with.</exception>
    public static int[] Tokenize(Workbench bench, string textPath, string text, string tokenizer)
    {
        string tokenizerPath = Path.Combine(bench.Options.ModelPath, TokenizerFile);
        bench.Files.Ensure(textPath, text);
        bench.Files.Ensure(tokenizerPath, tokenizer);
        TextFile file = TextFile.Read(textPath);
        BytePairTokenizer pairs = BytePairTokenizer.Load(tokenizerPath);
        int[] tokens = CalibrationSampler.Tokenize(pairs, file);
        pairs.EnsureFits(tokens, bench.Config.VocabularySize);
        return tokens;
    }
}
