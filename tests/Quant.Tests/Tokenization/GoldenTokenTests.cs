using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;
using MambaQuant.Quant.Tokenization;
using MambaQuant.Testing;
using Xunit;

namespace MambaQuant.Quant.Tests.Tokenization;

/// <summary>The real tokenizers against ids that other programs made; see golden/README.md.</summary>
public class GoldenTokenTests
{
    [SharedDataFact]
    public void GptNeoX_MatchesTheGoldenFile() => AssertMatches("gpt-neox-20b");

    [SharedDataFact]
    public void WikiTextTokenizer_MatchesTheGoldenFile() => AssertMatches("mamba-wt2-5m");

    [SharedDataFact]
    public void WholeTestText_MatchesTheReferenceIds()
    {
        BytePairTokenizer tokenizer = Load("mamba-wt2-5m");
        string text = File.ReadAllText(SharedData.Path("data", "wikitext-2", "test.txt"), new UTF8Encoding(false, true));
        byte[] expected = File.ReadAllBytes(SharedData.Path("models", "mamba-wt2-5m", "test.tokens.i32"));
        int[] ids = tokenizer.Encode(text);
        Assert.Equal(359_162, ids.Length);
        Assert.True(MemoryMarshal.Cast<byte, int>(expected).SequenceEqual(ids));
        Assert.Equal(text, tokenizer.Decode(ids));
        tokenizer.EnsureFits(4096);
    }

    [SharedDataFact]
    public void GptNeoX_FitsThePublishedModelsAndNotASmallOne()
    {
        BytePairTokenizer tokenizer = Load("gpt-neox-20b");
        Assert.Equal(50_281, tokenizer.VocabularySize);
        tokenizer.EnsureFits(50_280);
        Assert.Throws<InvalidTokenizerException>(() => tokenizer.EnsureFits(4096));
    }

    private static BytePairTokenizer Load(string name) => BytePairTokenizer.Load(SharedData.Path("models", name, "tokenizer.json"));

    private static void AssertMatches(string name)
    {
        BytePairTokenizer tokenizer = Load(name);
        using JsonDocument golden = JsonDocument.Parse(
            File.ReadAllBytes(Path.Combine(AppContext.BaseDirectory, "Tokenization", "golden", $"{name}.json")));
        int compared = 0;
        foreach (JsonElement entry in golden.RootElement.GetProperty("texts").EnumerateArray())
        {
            string text = entry.GetProperty("text").GetString()!;
            int[] expected = [.. entry.GetProperty("ids").EnumerateArray().Select(id => id.GetInt32())];
            int[] found = tokenizer.Encode(text);
            Assert.True(expected.SequenceEqual(found), $"{entry.GetRawText()}: found {string.Join(",", found)}");
            string decoded = entry.TryGetProperty("decoded", out JsonElement other) ? other.GetString()! : text;
            Assert.Equal(decoded, tokenizer.Decode(found));
            compared++;
        }

        foreach (JsonElement entry in golden.RootElement.GetProperty("idLists").EnumerateArray())
        {
            int[] ids = [.. entry.GetProperty("ids").EnumerateArray().Select(id => id.GetInt32())];
            Assert.Equal(entry.GetProperty("decoded").GetString(), tokenizer.Decode(ids));
            compared++;
        }

        Assert.Equal(671, compared);
    }
}
