using MambaQuant.Quant.Datasets;
using MambaQuant.Quant.Safetensors;
using MambaQuant.Quant.Tokenization;

namespace MambaQuant.Pipeline.Execution;

/// <summary>Reads a text as the plan means it.</summary>
internal static class PlannedText
{
    private const string TokenizerFile = "tokenizer.json";

    /// <summary>Token ids of a text.</summary>
    /// <param name="bench">What the worker has.</param>
    /// <param name="open">Opens the text.</param>
    /// <param name="text">Its hash when the job was planned.</param>
    /// <param name="tokenizer">The hash of the model's tokenizer when the job was planned.</param>
    /// <exception cref="IOException">A file is not the one that was planned with.</exception>
    public static int[] Tokenize(Workbench bench, Func<IByteSource> open, string text, string tokenizer)
    {
        using IByteSource textFile = open();
        bench.Files.Ensure(textFile, text);
        bench.Files.Ensure(bench.Options.Model, TokenizerFile, tokenizer);
        using IByteSource tokenizerFile = bench.Options.Model.Open(TokenizerFile);
        TextFile file = TextFile.Read(textFile);
        BytePairTokenizer pairs = BytePairTokenizer.Load(tokenizerFile);
        int[] tokens = CalibrationSampler.Tokenize(pairs, file);
        pairs.EnsureFits(tokens, bench.Config.VocabularySize);
        return tokens;
    }
}
