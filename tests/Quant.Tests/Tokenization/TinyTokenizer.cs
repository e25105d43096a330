using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using MambaQuant.Quant.Tokenization;

namespace MambaQuant.Quant.Tests.Tokenization;

/// <summary>A small tokenizer.json made by hand, and changes to it.</summary>
internal static class TinyTokenizer
{
    /// <summary>Merges in learnt order; "Ġ" is a blank.</summary>
    public static readonly string[] Merges =
        ["h e", "Ġ t", "Ġt he", "l l", "he ll", "hell o", "Ġ Ġ", "Ġ a", "a b", "ab ab", "b a", "i n", "in g", "' s", "Ã ©", "Ċ Ċ", "ĠĠ ĠĠ", "1 2", "a a", "aa a"];

    /// <summary>The JSON of the tokenizer: 256 bytes, the merges, an end-of-text token and some added ones.</summary>
    public static JsonObject Json()
    {
        var vocabulary = new JsonObject();
        for (int value = 0; value < 256; value++)
        {
            vocabulary.Add(ByteSymbols.Of((byte)value).ToString(), vocabulary.Count);
        }

        foreach (string merge in Merges)
        {
            vocabulary.Add(merge.Replace(" ", string.Empty, StringComparison.Ordinal), vocabulary.Count);
        }

        int next = vocabulary.Count;
        return new JsonObject
        {
            ["version"] = "1.0",
            ["truncation"] = null,
            ["padding"] = null,
            ["added_tokens"] = new JsonArray(
                Added(next, "<|end|>", special: true),
                Added(next + 1, "   ", normalized: true),
                Added(next + 2, "word", singleWord: true),
                Added(next + 3, "<left>", lstrip: true),
                Added(next + 4, "<right>", rstrip: true),
                Added(next + 5, "<|end|>!")),
            ["normalizer"] = null,
            ["pre_tokenizer"] = new JsonObject { ["type"] = "ByteLevel", ["add_prefix_space"] = false, ["trim_offsets"] = true },
            ["post_processor"] = new JsonObject { ["type"] = "ByteLevel", ["add_prefix_space"] = false, ["trim_offsets"] = true },
            ["decoder"] = new JsonObject { ["type"] = "ByteLevel", ["add_prefix_space"] = false, ["trim_offsets"] = true },
            ["model"] = new JsonObject
            {
                ["type"] = "BPE",
                ["dropout"] = null,
                ["unk_token"] = null,
                ["continuing_subword_prefix"] = null,
                ["end_of_word_suffix"] = null,
                ["fuse_unk"] = false,
                ["vocab"] = vocabulary,
                ["merges"] = new JsonArray([.. Merges.Select(merge => (JsonNode)merge)]),
            },
        };
    }

    /// <summary>Loads the tokenizer after a change to its JSON.</summary>
    public static BytePairTokenizer Load(Action<JsonObject>? change = null)
    {
        JsonObject json = Json();
        change?.Invoke(json);
        return LoadBytes(Encoding.UTF8.GetBytes(json.ToJsonString(new JsonSerializerOptions())));
    }

    /// <summary>Loads a tokenizer from the bytes of a file.</summary>
    public static BytePairTokenizer LoadBytes(byte[] bytes)
    {
        using var directory = new Testing.TemporaryDirectory();
        return BytePairTokenizer.Load(directory.Write("tokenizer.json", bytes));
    }

    private static JsonNode Added(
        int id, string content, bool special = false, bool normalized = false, bool singleWord = false, bool lstrip = false, bool rstrip = false) =>
        new JsonObject
        {
            ["id"] = id,
            ["content"] = content,
            ["single_word"] = singleWord,
            ["lstrip"] = lstrip,
            ["rstrip"] = rstrip,
            ["normalized"] = normalized,
            ["special"] = special,
        };
}
