using MambaQuant.Pipeline.Planning;
using MambaQuant.Quant.Checkpoints;
using MambaQuant.Quant.Datasets;
using MambaQuant.Quant.Tokenization;

namespace MambaQuant.Pipeline.Local;

/// <summary>Which text a run's checkpoints are judged on, beside the float model.</summary>
/// <param name="Path">The text.</param>
public sealed record EvaluationTextOptions(string Path)
{
    /// <summary>Tokens of a window.</summary>
    /// <value>512 by default; at least 2.</value>
    public int WindowLength { get; init; } = 512;

    /// <summary>Tokens of the text, where they are known.</summary>
    /// <value>Null by default: the text is read to count them.</value>
    public long? Tokens { get; init; }

    /// <summary>What these options stand for, as far as results depend on it.</summary>
    /// <param name="modelPath">Folder of the float checkpoint, which holds the tokenizer.</param>
    /// <exception cref="InsufficientTextException">The text has one token at most: nothing could be scored.</exception>
    internal EvaluationIdentity Identify(string modelPath)
    {
        string tokenizer = System.IO.Path.Combine(modelPath, CalibrationOptions.TokenizerFile);
        long tokens = Tokens ?? CalibrationSampler.Tokenize(BytePairTokenizer.Load(tokenizer), TextFile.Read(Path)).LongLength;
        return tokens < 2
            ? throw new InsufficientTextException($"'{Path}' is too short: a window needs 2 tokens to score one, it has {tokens}. Give a longer text.")
            : new EvaluationIdentity
            {
                Source = System.IO.Path.GetFileName(Path),
                Text = ContentHash.OfFile(Path),
                Tokenizer = ContentHash.OfFile(tokenizer),
                Tokens = tokens,
                WindowLength = WindowLength,
            };
    }
}
