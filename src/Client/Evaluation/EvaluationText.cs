using MambaQuant.Quant.Datasets;
using MambaQuant.Quant.Tokenization;

namespace MambaQuant.Client.Evaluation;

/// <summary>A text as a model of a certain tokenizer meets it: cut into windows of token ids.</summary>
/// <param name="Name">The file's name.</param>
/// <param name="WindowLength">Tokens of a window; the last may have fewer.</param>
/// <param name="Windows">The windows in order.</param>
internal sealed record EvaluationText(string Name, int WindowLength, IReadOnlyList<ReadOnlyMemory<int>> Windows)
{
    /// <summary>Tokens of all windows.</summary>
    public long Tokens => Windows.Sum(window => (long)window.Length);

    /// <summary>Reads a text with the tokenizer of a model folder, before any weight is loaded.</summary>
    /// <param name="path">The text.</param>
    /// <param name="modelFolder">The folder with tokenizer.json and config.json.</param>
    /// <param name="windowLength">Tokens of a window, at least 2.</param>
    /// <exception cref="InvalidTextException">The text is empty or not UTF-8.</exception>
    /// <exception cref="InvalidTokenizerException">The tokenizer is damaged or does not fit the vocabulary.</exception>
    /// <exception cref="InsufficientTextException">The text has one token at most: nothing could be scored.</exception>
    public static EvaluationText Read(string path, string modelFolder, int windowLength)
    {
        TextFile text = TextFile.Read(path);
        return Of(text, path, ModelTokenizer.Load(modelFolder), windowLength);
    }

    /// <summary>Cuts a text.</summary>
    /// <param name="text">The text.</param>
    /// <param name="source">Where it was read, for messages.</param>
    /// <param name="tokenizer">The model's tokenizer.</param>
    /// <param name="windowLength">Tokens of a window, at least 2.</param>
    /// <exception cref="InvalidTokenizerException">The tokenizer does not fit the vocabulary.</exception>
    /// <exception cref="InsufficientTextException">The text has one token at most: nothing could be scored.</exception>
    public static EvaluationText Of(TextFile text, string source, ModelTokenizer tokenizer, int windowLength)
    {
        int[] tokens = tokenizer.Encode(text);
        return tokens.Length < 2
            ? throw new InsufficientTextException($"'{source}' is too short: a window needs 2 tokens to score one, it has {tokens.Length}. Give a longer text.")
            : new EvaluationText(text.Name, windowLength, EvaluationWindows.Cut(tokens, windowLength));
    }
}
