using MambaQuant.Pipeline.Local;
using MambaQuant.Quant.Datasets;
using MambaQuant.Quant.Models;
using MambaQuant.Quant.Safetensors;
using MambaQuant.Quant.Tokenization;

namespace MambaQuant.Client;

/// <summary>The tokenizer of a model folder, known to fit the model; loaded before any weight.</summary>
internal sealed class ModelTokenizer
{
    private readonly MambaConfig _config;

    private ModelTokenizer(MambaConfig config, BytePairTokenizer tokenizer)
    {
        _config = config;
        Tokenizer = tokenizer;
    }

    /// <summary>The tokenizer.</summary>
    public BytePairTokenizer Tokenizer { get; }

    /// <summary>Whether the model names a token that begins a text.</summary>
    public bool CanBeginText => (_config.EndOfTextToken ?? _config.BeginOfTextToken) is not null;

    /// <summary>Whether a folder has a tokenizer at all.</summary>
    /// <param name="folder">The model folder.</param>
    public static bool Exists(string folder) => File.Exists(PathIn(folder));

    /// <summary>Loads it.</summary>
    /// <param name="folder">The folder with config.json and tokenizer.json.</param>
    /// <exception cref="InvalidTokenizerException">The tokenizer is damaged, or has tokens without a row in the model's embeddings.</exception>
    /// <exception cref="InvalidModelConfigException">config.json is wrong.</exception>
    public static ModelTokenizer Load(string folder) => Load(ModelFolder.Open(folder));

    /// <summary>Loads it.</summary>
    /// <param name="files">The model's files.</param>
    /// <exception cref="InvalidTokenizerException">The tokenizer is damaged, or has tokens without a row in the model's embeddings.</exception>
    /// <exception cref="InvalidModelConfigException">config.json is wrong.</exception>
    public static ModelTokenizer Load(IModelFiles files)
    {
        MambaConfig config = MambaConfigReader.Read(files);
        using IByteSource file = files.Open(CalibrationOptions.TokenizerFile);
        BytePairTokenizer tokenizer = BytePairTokenizer.Load(file);
        tokenizer.EnsureFits(config.VocabularySize);
        return new ModelTokenizer(config, tokenizer);
    }

    /// <summary>Token ids of a text, every one with a row in the model's embeddings.</summary>
    /// <param name="text">The text.</param>
    /// <exception cref="InvalidTokenizerException">An added token of the text has no row.</exception>
    public int[] Encode(string text) => Checked(Tokenizer.Encode(text));

    /// <summary>Token ids of all documents of a text, one after the other.</summary>
    /// <param name="text">The text.</param>
    /// <exception cref="InvalidTokenizerException">An added token of the text has no row.</exception>
    public int[] Encode(TextFile text) => Checked(CalibrationSampler.Tokenize(Tokenizer, text));

    private static string PathIn(string folder) => Path.Combine(folder, CalibrationOptions.TokenizerFile);

    private int[] Checked(int[] ids)
    {
        Tokenizer.EnsureFits(ids, _config.VocabularySize);
        return ids;
    }
}
