using System.Text;
using MambaQuant.Quant.Safetensors;

namespace MambaQuant.Quant.Tokenization;

/// <summary>A byte-level BPE tokenizer, read from a Hugging Face tokenizer.json; text to token ids and back.</summary>
/// <remarks>
/// The steps: added tokens that want the text as given are found; the stretches between are normalized and searched for the
/// other added tokens; what is left is cut into words, and each word's UTF-8 bytes are merged. No token is added for the
/// beginning or end of a text. Safe for concurrent use; the ids depend on file and text only.
/// Source: the format and behaviour of Hugging Face's tokenizers.
/// </remarks>
public sealed class BytePairTokenizer
{
    private readonly string _path;
    private readonly TokenizerDefinition _definition;
    private readonly BytePairModel _model;
    private readonly AddedTokenMatcher _asGiven;
    private readonly AddedTokenMatcher _normalized;
    private readonly Dictionary<string, int> _idOf;
    private readonly Dictionary<int, string> _tokenOf;
    private readonly Dictionary<int, byte[]> _bytesOf;
    private readonly HashSet<int> _special;

    private BytePairTokenizer(string path, TokenizerDefinition definition)
    {
        _path = path;
        _definition = definition;
        _model = new BytePairModel(definition);
        _asGiven = new AddedTokenMatcher(definition.AddedTokens.Where(token => !token.Normalized).Select(token => (token.Content, token)));
        _normalized = new AddedTokenMatcher(definition.AddedTokens.Where(token => token.Normalized).Select(token => (Normalize(token.Content), token)));
        _idOf = new Dictionary<string, int>(definition.Vocabulary, StringComparer.Ordinal);
        _bytesOf = definition.Vocabulary.ToDictionary(
            pair => pair.Value, pair => ByteSymbols.ToBytes(pair.Key) ?? Encoding.UTF8.GetBytes(pair.Key));
        foreach (AddedToken token in definition.AddedTokens)
        {
            // An added token is its text, also where its characters could be read as byte symbols.
            _idOf[token.Content] = token.Id;
            _bytesOf[token.Id] = Encoding.UTF8.GetBytes(token.Content);
        }

        _tokenOf = _idOf.ToDictionary(pair => pair.Value, pair => pair.Key);
        _special = [.. definition.AddedTokens.Where(token => token.Special).Select(token => token.Id)];
        AddedTokens = definition.AddedTokens.AsReadOnly();
        VocabularySize = _tokenOf.Keys.Max() + 1;
    }

    /// <summary>One more than the largest id, added tokens included.</summary>
    public int VocabularySize { get; }

    /// <summary>The added tokens, by id.</summary>
    public IReadOnlyList<AddedToken> AddedTokens { get; }

    /// <summary>Reads a tokenizer.</summary>
    /// <param name="path">A tokenizer.json.</param>
    /// <returns>The tokenizer.</returns>
    /// <exception cref="InvalidTokenizerException">The file is damaged, or of a kind that is not read here; names the field.</exception>
    /// <exception cref="IOException">The file is missing or cannot be read.</exception>
    public static BytePairTokenizer Load(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        using var file = new DiskFile(path);
        return Load(file);
    }

    /// <summary>Reads a tokenizer from an open file.</summary>
    /// <param name="source">A tokenizer.json; not owned.</param>
    /// <returns>The tokenizer.</returns>
    /// <exception cref="InvalidTokenizerException">The file is damaged, or of a kind that is not read here; names the field.</exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public static BytePairTokenizer Load(IByteSource source)
    {
        ArgumentNullException.ThrowIfNull(source);
        return new BytePairTokenizer(source.Description, TokenizerFile.Read(source));
    }

    /// <summary>Checks that a model has an embedding for every token that text can turn into.</summary>
    /// <param name="vocabularySize">The rows of the model's embeddings.</param>
    /// <remarks>
    /// Added tokens may lie beyond: the published Mamba models have 50,280 rows, and their tokenizer's file adds a token 50,280
    /// that no training text had. <see cref="EnsureFits(ReadOnlySpan{int}, int)"/> finds a text that really uses one.
    /// </remarks>
    /// <exception cref="InvalidTokenizerException">A token of the vocabulary proper has no row.</exception>
    public void EnsureFits(int vocabularySize)
    {
        (string token, int id) = _definition.Vocabulary.MaxBy(pair => pair.Value);
        if (id >= vocabularySize)
        {
            throw new InvalidTokenizerException(
                $"'{_path}': expected token ids below {vocabularySize}, the rows of the model's embeddings, found {id} ('{token}')."
                + " Tokenizer and model do not belong together: use the tokenizer.json that came with the model.");
        }
    }

    /// <summary>Checks that a model has an embedding for every token of a text.</summary>
    /// <param name="ids">The text's ids.</param>
    /// <param name="vocabularySize">The rows of the model's embeddings.</param>
    /// <exception cref="InvalidTokenizerException">An id has no row; names it and its place.</exception>
    public void EnsureFits(ReadOnlySpan<int> ids, int vocabularySize)
    {
        int position = ids.IndexOfAnyExceptInRange(0, vocabularySize - 1);
        if (position >= 0)
        {
            string token = _tokenOf.GetValueOrDefault(ids[position], "no token");
            throw new InvalidTokenizerException(
                $"'{_path}': expected token ids below {vocabularySize}, the rows of the model's embeddings, found {ids[position]} ('{token}')"
                + $" as token {position} of the text. Remove '{token}' from the text, or use the tokenizer.json that came with the model.");
        }
    }

    /// <summary>Turns text into token ids.</summary>
    /// <param name="text">Any text; a lone surrogate counts as U+FFFD.</param>
    /// <returns>The ids; empty for an empty text. Added tokens in the text become their ids, none are put around it.</returns>
    /// <remarks>Cost: linear in the text, but for words of thousands of bytes, which add a logarithm. Serial; call it from several threads for several texts.</remarks>
    public int[] Encode(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        text = WithoutLoneSurrogates(text);
        var ids = new List<int>(text.Length / 3);
        foreach (TextPiece piece in _asGiven.Split(text))
        {
            if (piece.Token is AddedToken token)
            {
                ids.Add(token.Id);
            }
            else
            {
                EncodeStretch(Normalize(piece.Of(text)), ids);
            }
        }

        return [.. ids];
    }

    /// <summary>Turns token ids into text.</summary>
    /// <param name="ids">The ids.</param>
    /// <param name="skipSpecial">Whether tokens that mark structure, such as the end of text, are left out.</param>
    /// <returns>The text; bytes that are no UTF-8 become U+FFFD.</returns>
    /// <exception cref="ArgumentOutOfRangeException">An id is no token's; names it.</exception>
    public string Decode(ReadOnlySpan<int> ids, bool skipSpecial = false)
    {
        var bytes = new List<byte>();
        foreach (int id in ids)
        {
            bytes.AddRange(BytesOf(id, skipSpecial));
        }

        return Encoding.UTF8.GetString([.. bytes]);
    }

    /// <summary>A decoder for ids that arrive one by one, as in generation.</summary>
    /// <param name="skipSpecial">Whether tokens that mark structure are left out.</param>
    public StreamingDecoder CreateStreamingDecoder(bool skipSpecial = false) => new(this, skipSpecial);

    /// <summary>The id of a token.</summary>
    /// <param name="token">An added token's content, or a token as written in the vocabulary (a blank is "Ġ").</param>
    /// <returns>The id; null where there is no such token.</returns>
    public int? IdOf(string token) => _idOf.TryGetValue(token, out int id) ? id : null;

    /// <summary>The token of an id, as an added token's content or as written in the vocabulary.</summary>
    /// <param name="id">An id.</param>
    /// <returns>The token; null where the id is no token's.</returns>
    public string? TokenOf(int id) => _tokenOf.GetValueOrDefault(id);

    /// <summary>The bytes that a token stands for.</summary>
    internal ReadOnlySpan<byte> BytesOf(int id, bool skipSpecial)
    {
        if (!_bytesOf.TryGetValue(id, out byte[]? token))
        {
            throw new ArgumentOutOfRangeException(nameof(id), id, $"expected a token id of '{_path}' (below {VocabularySize}), found {id}");
        }

        return skipSpecial && _special.Contains(id) ? [] : token;
    }

    private static string WithoutLoneSurrogates(string text)
    {
        if (!text.AsSpan().ContainsAnyInRange('\uD800', '\uDFFF'))
        {
            return text;
        }

        // Enumerating gives U+FFFD for each half that has no partner.
        var result = new StringBuilder(text.Length);
        foreach (Rune rune in text.EnumerateRunes())
        {
            result.Append(rune);
        }

        return result.ToString();
    }

    private string Normalize(string text) => _definition.Composes ? CanonicalComposition.Normalize(text) : text;

    private void EncodeStretch(string text, List<int> ids)
    {
        foreach (TextPiece piece in _normalized.Split(text))
        {
            if (piece.Token is AddedToken token)
            {
                ids.Add(token.Id);
                continue;
            }

            ReadOnlySpan<char> words = text.AsSpan(piece.Start, piece.End - piece.Start);
            EncodeWords(_definition.AddsPrefixSpace && words[0] != ' ' ? $" {words}" : words, ids);
        }
    }

    private void EncodeWords(ReadOnlySpan<char> text, List<int> ids)
    {
        for (int start = 0; start < text.Length;)
        {
            int end = _definition.SplitsWords ? WordScanner.FindEnd(text, start) : text.Length;
            _model.Encode(text[start..end], ids);
            start = end;
        }
    }
}
