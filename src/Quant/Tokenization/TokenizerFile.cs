using System.Text.Json;
using System.Text.Unicode;
using MambaQuant.Quant.Safetensors;

namespace MambaQuant.Quant.Tokenization;

/// <summary>Reads tokenizer.json: a byte-level BPE tokenizer, or a refusal that names the field.</summary>
/// <remarks>
/// Strict on purpose: a field that would change the ids and is not understood must not be passed over, since text tokenized
/// slightly differently from the training is an error that no later step can see.
/// </remarks>
internal static class TokenizerFile
{
    private const long MaxBytes = 200_000_000;
    private const string ByteLevel = "ByteLevel";

    /// <summary>Reads and checks a file.</summary>
    /// <param name="source">The file; not owned.</param>
    /// <exception cref="InvalidTokenizerException">The content is damaged or of a kind that is not read here.</exception>
    public static TokenizerDefinition Read(IByteSource source)
    {
        string path = source.Description;
        long length = source.Length;
        if (length > MaxBytes)
        {
            throw new InvalidTokenizerException($"'{path}': expected a tokenizer of at most {MaxBytes} bytes, found {length}. Name a tokenizer.json.");
        }

        byte[] json = source.ReadAll();
        if (!Utf8.IsValid(json))
        {
            throw new InvalidTokenizerException($"'{path}': expected UTF-8 text, found other bytes. The file is damaged: fetch it again.");
        }

        try
        {
            // A key that is there twice would leave it open which of the two counts.
            using var document = JsonDocument.Parse(json, new JsonDocumentOptions { MaxDepth = 16, AllowDuplicateProperties = false });
            return ReadRoot(new TokenizerField(path, string.Empty, document.RootElement));
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException)
        {
            // InvalidOperationException: an escape that is no Unicode text is found only when the string is taken.
            throw new InvalidTokenizerException($"'{path}': expected one JSON object, found otherwise ({exception.Message}). Fetch the file again.", exception);
        }
    }

    private static TokenizerDefinition ReadRoot(TokenizerField root)
    {
        root.EnsureOnly("version", "truncation", "padding", "added_tokens", "normalizer", "pre_tokenizer", "post_processor", "decoder", "model");
        root.EnsureNull("truncation");
        root.EnsureNull("padding");
        bool composes = root.Optional("normalizer") is TokenizerField normalizer && ReadNormalizer(normalizer);
        (bool addsPrefixSpace, bool splitsWords) = ReadPreTokenizer(root.Required("pre_tokenizer"));
        if (root.Optional("post_processor") is TokenizerField postProcessor)
        {
            // The byte-level post-processor only moves offsets; others add tokens.
            postProcessor.Required("type").EnsureText(ByteLevel);
        }

        root.Required("decoder").Required("type").EnsureText(ByteLevel);
        TokenizerField model = root.Required("model");
        model.EnsureOnly(
            "type", "dropout", "unk_token", "continuing_subword_prefix", "end_of_word_suffix", "fuse_unk", "byte_fallback", "ignore_merges", "vocab", "merges");
        model.Optional("type")?.EnsureText("BPE");
        if (model.Optional("dropout") is TokenizerField dropout && dropout.Number() != 0)
        {
            throw dropout.Refuse("none, since it makes the tokens random");
        }

        model.EnsureEmptyOrNull("unk_token");
        model.EnsureEmptyOrNull("continuing_subword_prefix");
        model.EnsureEmptyOrNull("end_of_word_suffix");
        model.EnsureFalseOrAbsent("fuse_unk");
        model.EnsureFalseOrAbsent("byte_fallback");
        Dictionary<string, int> vocabulary = ReadVocabulary(model.Required("vocab"));
        return new TokenizerDefinition(
            vocabulary,
            ReadMerges(model.Required("merges"), vocabulary),
            ReadAddedTokens(root.Optional("added_tokens"), vocabulary),
            composes,
            addsPrefixSpace,
            splitsWords,
            model.Optional("ignore_merges")?.Boolean() ?? false);
    }

    private static bool ReadNormalizer(TokenizerField normalizer)
    {
        normalizer.EnsureOnly("type");
        normalizer.Required("type").EnsureText("NFC");
        return true;
    }

    private static (bool AddsPrefixSpace, bool SplitsWords) ReadPreTokenizer(TokenizerField preTokenizer)
    {
        preTokenizer.Required("type").EnsureText(ByteLevel);
        preTokenizer.EnsureOnly("type", "add_prefix_space", "trim_offsets", "use_regex");
        return (preTokenizer.Required("add_prefix_space").Boolean(), preTokenizer.Optional("use_regex")?.Boolean() ?? true);
    }

    private static Dictionary<string, int> ReadVocabulary(TokenizerField field)
    {
        var vocabulary = new Dictionary<string, int>(StringComparer.Ordinal);
        var byId = new Dictionary<int, string>();
        foreach (TokenizerField token in field.Properties())
        {
            int id = token.Id();
            if (!byId.TryAdd(id, token.Name))
            {
                throw token.Refuse($"an id of its own, not that of '{byId[id]}'");
            }

            vocabulary.Add(token.Name, id);
        }

        for (int value = 0; value < 256; value++)
        {
            string symbol = ByteSymbols.Of((byte)value).ToString();
            if (ByteSymbols.OccursInUtf8((byte)value) && !vocabulary.ContainsKey(symbol))
            {
                throw field.Refuse($"a token '{symbol}' for the byte 0x{value:x2}, without which text would be lost", "none");
            }
        }

        return vocabulary;
    }

    private static List<TokenMerge> ReadMerges(TokenizerField field, Dictionary<string, int> vocabulary)
    {
        var merges = new List<TokenMerge>();
        foreach (TokenizerField merge in field.Elements())
        {
            string[] parts = merge.IsList ? [.. merge.Elements().Select(part => part.Text())] : merge.Text().Split(' ');
            if (parts.Length != 2)
            {
                throw merge.Refuse("two tokens");
            }

            string whole = parts[0] + parts[1];
            if (!vocabulary.TryGetValue(parts[0], out int left) || !vocabulary.TryGetValue(parts[1], out int right)
                || !vocabulary.TryGetValue(whole, out int result))
            {
                throw merge.Refuse($"two tokens of the vocabulary whose text together, '{whole}', is one too");
            }

            merges.Add(new TokenMerge(left, right, result));
        }

        return merges;
    }

    private static List<AddedToken> ReadAddedTokens(TokenizerField? field, Dictionary<string, int> vocabulary)
    {
        var byId = new SortedDictionary<int, AddedToken>();
        var contents = new HashSet<string>(StringComparer.Ordinal);
        Dictionary<int, string> vocabularyById = vocabulary.ToDictionary(pair => pair.Value, pair => pair.Key);
        foreach (TokenizerField entry in field?.Elements() ?? [])
        {
            entry.EnsureOnly("id", "content", "single_word", "lstrip", "rstrip", "normalized", "special");
            var token = new AddedToken(
                entry.Required("id").Id(),
                entry.Required("content").Text(),
                entry.Required("single_word").Boolean(),
                entry.Required("lstrip").Boolean(),
                entry.Required("rstrip").Boolean(),
                entry.Required("normalized").Boolean(),
                entry.Required("special").Boolean());
            if (token.Content.Length == 0)
            {
                throw entry.Required("content").Refuse("a text that is not empty");
            }

            bool agrees = vocabulary.TryGetValue(token.Content, out int known)
                ? known == token.Id
                : !vocabularyById.ContainsKey(token.Id);
            if (!agrees || !byId.TryAdd(token.Id, token) || !contents.Add(token.Content))
            {
                throw entry.Refuse("an id and a content that no other token has");
            }
        }

        return [.. byId.Values];
    }
}
