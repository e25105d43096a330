using System.Text;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using MambaQuant.Quant.Tokenization;
using MambaQuant.Testing;
using Xunit;

namespace MambaQuant.Quant.Tests.Tokenization;

public class BytePairTokenizerTests
{
    private static readonly BytePairTokenizer _tiny = TinyTokenizer.Load();

    public static TheoryData<string, Action<JsonObject>> Refusals => new()
    {
        { "'truncation' to be null", json => json["truncation"] = new JsonObject() },
        { "'padding' to be null", json => json["padding"] = new JsonObject() },
        { "'surprise' to be only version", json => json["surprise"] = 1 },
        { "'normalizer.type' to be \"NFC\", found \"NFKC\"", json => json["normalizer"] = new JsonObject { ["type"] = "NFKC" } },
        { "'pre_tokenizer' to be a value, found none", json => json["pre_tokenizer"] = null },
        { "'pre_tokenizer.type' to be \"ByteLevel\", found \"Metaspace\"", json => json["pre_tokenizer"]!["type"] = "Metaspace" },
        { "'pre_tokenizer.add_prefix_space' to be a value", json => json["pre_tokenizer"]!.AsObject().Remove("add_prefix_space") },
        { "'pre_tokenizer.behaviour' to be only", json => json["pre_tokenizer"]!["behaviour"] = "Isolated" },
        { "'post_processor.type' to be \"ByteLevel\"", json => json["post_processor"]!["type"] = "TemplateProcessing" },
        { "'decoder' to be a value", json => json["decoder"] = null },
        { "'decoder.type' to be \"ByteLevel\"", json => json["decoder"]!["type"] = "WordPiece" },
        { "'model.type' to be \"BPE\", found \"Unigram\"", json => json["model"]!["type"] = "Unigram" },
        { "'model.dropout' to be none", json => json["model"]!["dropout"] = 0.1 },
        { "'model.unk_token' to be null", json => json["model"]!["unk_token"] = "<unk>" },
        { "'model.continuing_subword_prefix' to be null", json => json["model"]!["continuing_subword_prefix"] = "##" },
        { "'model.end_of_word_suffix' to be null", json => json["model"]!["end_of_word_suffix"] = "</w>" },
        { "'model.byte_fallback' to be false", json => json["model"]!["byte_fallback"] = true },
        { "'model.fuse_unk' to be false", json => json["model"]!["fuse_unk"] = true },
        { "'model.ignore_merges' to be true or false", json => json["model"]!["ignore_merges"] = 1 },
        { "'model.scores' to be only", json => json["model"]!["scores"] = 1 },
        { "'model.vocab.he' to be a token id", json => json["model"]!["vocab"]!["he"] = -1 },
        { "'model.vocab.he' to be a token id", json => json["model"]!["vocab"]!["he"] = 3_000_000_000 },
        { "'model.vocab.he' to be a token id", json => json["model"]!["vocab"]!["he"] = 1.5 },
        { "'model.vocab.he' to be an id of its own", json => json["model"]!["vocab"]!["he"] = 5 },
        { "a token 'Ã' for the byte 0xc3", json => json["model"]!["vocab"]!.AsObject().Remove("Ã") },
        { "'model.merges' to be a value", json => json["model"]!.AsObject().Remove("merges") },
        { "'model.merges[20]' to be two tokens, found \"a b c\"", json => json["model"]!["merges"]!.AsArray().Add("a b c") },
        { "'model.merges[20]' to be two tokens of the vocabulary", json => json["model"]!["merges"]!.AsArray().Add("x y") },
        { "'model.merges[20]' to be two tokens", json => json["model"]!["merges"]!.AsArray().Add(new JsonArray("x")) },
        { "'model.merges[20]' to be a text", json => json["model"]!["merges"]!.AsArray().Add(7) },
        { "'added_tokens[0].special' to be a value", json => json["added_tokens"]![0]!.AsObject().Remove("special") },
        { "'added_tokens[0].content' to be a text that is not empty", json => json["added_tokens"]![0]!["content"] = "" },
        { "'added_tokens[0]' to be an id and a content", json => json["added_tokens"]![0]!["id"] = 5 },
        { "'added_tokens[1]' to be an id and a content", json => json["added_tokens"]![1]!["id"] = 276 },
        { "'added_tokens[1]' to be an id and a content", json => json["added_tokens"]![1]!["content"] = "he" },
        { "'added_tokens[5]' to be an id and a content", json => json["added_tokens"]![5]!["content"] = "word" },
        { "'added_tokens[0].color' to be only", json => json["added_tokens"]![0]!["color"] = "red" },
        { "'added_tokens' to be a list", json => json["added_tokens"] = 1 },
        { "'model' to be an object", json => json["model"] = 1 },
    };

    [Fact]
    public void Text_IsCutAndMerged()
    {
        Assert.Equal(["hello", "Ġthe", "Ġ", "in", "b", "Ġ", "ing"], Names("hello the inb ing"));
        Assert.Equal(["'s", "ĊĊ"], Names("'s\n\n"));
        Assert.Equal(["Ã©"], Names("é"));
        Assert.Equal(["Ġa", "'s", "Ġ", "'", "s"], Names(" a's 's"));
        Assert.Equal(["ï", "¿", "½"], Names("\ud800"));
        Assert.Equal(Names("\ufffdx\ufffd"), Names("\udc00x\ud83d"));
        Assert.Empty(_tiny.Encode(string.Empty));
    }

    [Fact]
    public void Merges_TakeTheLowestRankThenTheLeftmost()
    {
        Assert.Equal(["abab"], Names("abab"));
        Assert.Equal(["abab", "a"], Names("ababa"));
        Assert.Equal(["aaa"], Names("aaa"));
        Assert.Equal(["aa", "aa"], Names("aaaa"));
        Assert.Equal(["ba", "ab"], Names("baab"));
    }

    [Fact]
    public void AddedTokens_AreFoundLongestFirst()
    {
        Assert.Equal(["a", "<|end|>", "a"], Names("a<|end|>a"));
        Assert.Equal(["<|end|>!", "<|end|>"], Names("<|end|>!<|end|>"));
        Assert.Equal(["a", "   ", "ĠĠ"], Names("a     "));
        Assert.Equal(["a", "   ", "Ġ", "Ġa"], Names("a     a"));
        Assert.Equal(["   ", "   "], Names("      "));
        Assert.Equal("<|end|", _tiny.Decode(_tiny.Encode("<|end|")));
    }

    [Fact]
    public void AddedTokens_BehaveAsTheirFlagsSay()
    {
        Assert.Equal(["word", "Ġ", "word"], Names("word word"));
        Assert.Equal(["word", ".", "word"], Names("word.word"));
        foreach (string text in new[] { "words", "sword", "\u00e9word", "word1", "word_", "word\u0301", "\u24b6word", "word\u200d", "\ud801\udc00word" })
        {
            Assert.DoesNotContain("word", Names(text));
        }

        Assert.Equal(["a", "<left>", "Ġa"], Names("a \t\n<left> a"));
        Assert.Equal(["Ġa", "Ġ", "<right>", "a"], Names(" a <right> \n a"));
        Assert.Equal(["<right>", "<left>"], Names("<right>  <left>"));
        Assert.Equal(["a", "<left>", "<left>"], Names("a <left> <left>"));
    }

    [Fact]
    public void NormalizedAddedTokens_AreFoundInTheNormalizedText()
    {
        BytePairTokenizer tokenizer = TinyTokenizer.Load(json =>
        {
            json["normalizer"] = new JsonObject { ["type"] = "NFC" };
            json["added_tokens"]![0]!["content"] = "e\u0301";
            json["added_tokens"]![1]!["content"] = "A\u030a";
        });
        Assert.Equal(["A\u030a", "A\u030a", "A\u030a"], Names("A\u030a\u00c5\u212b", tokenizer));
        Assert.Equal(["e\u0301", "Ã©"], Names("e\u0301\u00e9", tokenizer));
    }

    [Fact]
    public void Options_OfTheFileAreHonoured()
    {
        BytePairTokenizer prefixed = TinyTokenizer.Load(json => json["pre_tokenizer"]!["add_prefix_space"] = true);
        Assert.Equal(["Ġthe", "<|end|>", "Ġa", "<|end|>", "Ġa"], Names("the<|end|>a<|end|> a", prefixed));
        BytePairTokenizer uncut = TinyTokenizer.Load(json => json["pre_tokenizer"]!["use_regex"] = false);
        Assert.Equal(["a", "Ġ", "'", "s"], Names("a 's"));
        Assert.Equal(["a", "Ġ", "'s"], Names("a 's", uncut));
        BytePairTokenizer whole = TinyTokenizer.Load(json =>
        {
            json["model"]!["vocab"]!["Ġhell"] = 300;
            json["model"]!["ignore_merges"] = true;
        });
        Assert.Equal(["Ġhell", "Ġ", "hello"], Names(" hell hello", whole));
        Assert.Equal(["Ġ", "hell"], Names(" hell"));
        Assert.Equal(301, whole.VocabularySize);
    }

    [Fact]
    public void MergesInPairsAndOldFilesWithoutType_ReadTheSame()
    {
        BytePairTokenizer pairs = TinyTokenizer.Load(json =>
        {
            json["model"]!["merges"] = new JsonArray([.. TinyTokenizer.Merges.Select(merge => (JsonNode)new JsonArray([.. merge.Split(' ').Select(part => (JsonNode)part)]))]);
            json["model"]!.AsObject().Remove("type");
            json["model"]!["end_of_word_suffix"] = "";
            json["model"]!["dropout"] = 0.0;
            json["added_tokens"] = null;
            json["post_processor"] = null;
        });
        Assert.Equal(Names("hello the abab\n\n  x"), Names("hello the abab\n\n  x", pairs));
    }

    [Fact]
    public void RandomTexts_MatchTheSlowReference()
    {
        string[] pieces = ["a", "b", "ab", " ", "  ", "\n", "he", "ll", "o", "the", "'s", "'", "12", "3", "é", "!", "中", "\t", "ing", "\u0301", "\u0085", "½"];
        BytePairTokenizer plain = TinyTokenizer.Load(json => json["added_tokens"] = null);
        var random = new Random(7);
        for (int iteration = 0; iteration < 2000; iteration++)
        {
            string text = string.Concat(Enumerable.Range(0, random.Next(1, 30)).Select(_ => pieces[random.Next(pieces.Length)]));
            Assert.Equal(SlowTokens(text), Names(text, plain));
            Assert.Equal(text, plain.Decode(plain.Encode(text)));
        }
    }

    [Fact]
    public void ManyThreads_GiveTheIdsOfOne()
    {
        string[] texts = [.. Enumerable.Range(0, 400).Select(i => $"hello the {i} abab{new string('a', i % 70)} é{i * 7919}")];
        int[][] expected = [.. texts.Select(text => TinyTokenizer.Load().Encode(text))];
        BytePairTokenizer shared = TinyTokenizer.Load();
        var found = new int[texts.Length][];
        Parallel.For(0, texts.Length, i => found[i] = shared.Encode(texts[i]));
        Assert.Equal(expected, found);
    }

    [Fact]
    public void StreamingDecoder_GivesTheTextOfDecodeAndNoHalfCharacters()
    {
        var random = new Random(11);
        for (int iteration = 0; iteration < 500; iteration++)
        {
            int[] ids = iteration % 2 == 0
                ? [.. Enumerable.Range(0, random.Next(1, 12)).Select(_ => random.Next(_tiny.VocabularySize))]
                : _tiny.Encode(string.Concat(Enumerable.Range(0, 8).Select(_ => new[] { "é", "中", "\ud83d\ude00", "a", "<|end|>" }[random.Next(5)])));
            bool skipSpecial = random.Next(2) == 0;
            StreamingDecoder decoder = _tiny.CreateStreamingDecoder(skipSpecial);
            string[] parts = [.. ids.Select(decoder.Append), decoder.Finish()];
            Assert.Equal(_tiny.Decode(ids, skipSpecial), string.Concat(parts));
            if (iteration % 2 == 1)
            {
                Assert.DoesNotContain('\ufffd', string.Concat(parts));
            }
        }

        Assert.Equal("a", _tiny.Decode(_tiny.Encode("<|end|>a<|end|>"), skipSpecial: true));
    }

    [Fact]
    public void IdsThatDoNotFit_AreNamed()
    {
        _tiny.EnsureFits(276);
        InvalidTokenizerException small = Assert.Throws<InvalidTokenizerException>(() => _tiny.EnsureFits(200));
        Assert.Contains("below 200", small.Message, StringComparison.Ordinal);
        Assert.Contains("found 275 ('aaa')", small.Message, StringComparison.Ordinal);
        _tiny.EnsureFits(_tiny.Encode("hello"), 276);
        InvalidTokenizerException used = Assert.Throws<InvalidTokenizerException>(() => _tiny.EnsureFits(_tiny.Encode("hello<|end|>"), 276));
        Assert.Contains("found 276 ('<|end|>') as token 1", used.Message, StringComparison.Ordinal);
        Assert.Contains("found 9999", Assert.Throws<ArgumentOutOfRangeException>(() => _tiny.Decode([1, 9999])).Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentOutOfRangeException>(() => _tiny.CreateStreamingDecoder().Append(-1));
        Assert.Null(_tiny.IdOf("absent"));
        Assert.Equal(276, _tiny.IdOf("<|end|>"));
    }

    [Theory]
    [MemberData(nameof(Refusals))]
    public void FileThatIsNotUnderstood_IsRefusedWithTheField(string expected, Action<JsonObject> change)
    {
        string message = Assert.Throws<InvalidTokenizerException>(() => TinyTokenizer.Load(change)).Message;
        Assert.Contains(expected, message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("")]
    [InlineData("[]")]
    [InlineData("{")]
    [InlineData("{}")]
    [InlineData("null")]
    [InlineData("{\"model\":{},\"model\":{}}")]
    [InlineData("{\"\\ud800\":1}")]
    [InlineData("{\"version\":[[[[[[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]]]]]]}")]
    public void FileThatIsNoTokenizer_IsRefused(string json) =>
        Assert.Throws<InvalidTokenizerException>(() => TinyTokenizer.LoadBytes(Encoding.UTF8.GetBytes(json)));

    [Fact]
    public void FileThatIsNotUtf8_IsRefused() =>
        Assert.Contains("UTF-8", Assert.Throws<InvalidTokenizerException>(() => TinyTokenizer.LoadBytes([(byte)'{', 0xFF, (byte)'}'])).Message, StringComparison.Ordinal);

    [Fact]
    public void MutatedFields_AreReadOrRefused()
    {
        string good = TinyTokenizer.Json().ToJsonString();
        var run = new FuzzRun("tokenizer.json", typeof(InvalidTokenizerException));
        run.Repeat(200, seed: 6, random => JsonMutation.Mutate(good, random), text =>
        {
            BytePairTokenizer tokenizer = TinyTokenizer.LoadBytes(Encoding.UTF8.GetBytes(text));
            tokenizer.Decode(tokenizer.Encode("hello the é <|end|> \ud83d\ude00"));
        });
        Assert.True(run.Refused > 20 && run.Read > 5, $"{run.Refused} refused, {run.Read} read");
    }

    [Fact]
    public void MutatedFiles_AreReadOrRefused()
    {
        byte[] valid = Encoding.UTF8.GetBytes(TinyTokenizer.Json().ToJsonString());
        var random = new Random(20_240_505);
        for (int iteration = 0; iteration < FuzzRun.Count(300); iteration++)
        {
            byte[] mutant = (byte[])valid.Clone();
            for (int count = random.Next(1, 4); count > 0; count--)
            {
                mutant[random.Next(mutant.Length)] = random.Next(3) == 0 ? (byte)random.Next(256) : (byte)"{}[],:\"0123456789\\"[random.Next(18)];
            }

            try
            {
                BytePairTokenizer tokenizer = TinyTokenizer.LoadBytes(random.Next(5) == 0 ? mutant[..random.Next(mutant.Length)] : mutant);
                tokenizer.Decode(tokenizer.Encode("hello the é <|end|> \ud83d\ude00"));
            }
            catch (InvalidTokenizerException)
            {
                // The expected end of most mutants.
            }
        }
    }

    private static string[] Names(string text, BytePairTokenizer? tokenizer = null) =>
        [.. (tokenizer ?? _tiny).Encode(text).Select(id => (tokenizer ?? _tiny).TokenOf(id)!)];

    // The same by the book: a regular expression for the words, then merge after merge with a full search each time.
    private static string[] SlowTokens(string text)
    {
        var tokens = new List<string>();
        foreach (Match word in Regex.Matches(text, @"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"))
        {
            List<string> symbols = [.. Encoding.UTF8.GetBytes(word.Value).Select(value => ByteSymbols.Of(value).ToString())];
            while (true)
            {
                (int rank, int position) = Enumerable.Range(0, symbols.Count - 1)
                    .Select(i => (Rank: Array.IndexOf(TinyTokenizer.Merges, $"{symbols[i]} {symbols[i + 1]}"), Position: i))
                    .Where(pair => pair.Rank >= 0)
                    .DefaultIfEmpty((-1, -1))
                    .Min();
                if (rank < 0)
                {
                    break;
                }

                symbols[position] += symbols[position + 1];
                symbols.RemoveAt(position + 1);
            }

            tokens.AddRange(symbols);
        }

        return [.. tokens];
    }
}
