using MambaQuant.Quant.Tokenization;
using Xunit;

namespace MambaQuant.Quant.Tests.Tokenization;

public class WordScannerTests
{
    [Theory]
    [InlineData("Hello, world!", "Hello|,| world|!")]
    [InlineData("I'm you're he's we've they'll I'd don't", "I|'m| you|'re| he|'s| we|'ve| they|'ll| I|'d| don|'t")]
    [InlineData("I'M 's  's 'x' '", "I|'|M| '|s| | '|s| '|x|'| '")]
    [InlineData("''s'sa'r'v'l", "''|s|'s|a|'|r|'|v|'|l")]
    [InlineData("abc123½Ⅷ٣", "abc|123½Ⅷ٣")]
    [InlineData("  a   b\n\n c \n", " | a|  | b|\n\n| c| \n")]
    [InlineData(" \t", " \t")]
    [InlineData("\ta\n\tb", "\t|a|\n|\t|b")]
    [InlineData(" !? \u00a0x", " !?| |\u00a0|x")]
    [InlineData("a\u0085b \ufeffc", "a|\u0085|b| \ufeff|c")]
    [InlineData("e\u0301t\u00e9", "e|\u0301|té")]
    [InlineData("x\ud83d\ude00\ud83d\ude01 \ud83d\ude00y", "x|\ud83d\ude00\ud83d\ude01| \ud83d\ude00|y")]
    [InlineData("a\ud835\udc00 \ud801\udc00\ud840\udc00 1\ud835\udfd8", "a\ud835\udc00| \ud801\udc00\ud840\udc00| 1\ud835\udfd8")]
    public void Text_IsCutAsThePatternCutsIt(string text, string expected)
    {
        var words = new List<string>();
        for (int start = 0; start < text.Length; start += words[^1].Length)
        {
            words.Add(text[start..WordScanner.FindEnd(text, start)]);
        }

        Assert.Equal(expected.Split('|'), words);
    }
}
