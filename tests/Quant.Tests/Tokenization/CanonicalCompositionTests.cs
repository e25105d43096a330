using MambaQuant.Quant.Tokenization;
using Xunit;

namespace MambaQuant.Quant.Tests.Tokenization;

public class CanonicalCompositionTests
{
    [Theory]
    [InlineData("", "")]
    [InlineData("plain ASCII and Latin: \u00e9\u00fc\u00df", "plain ASCII and Latin: \u00e9\u00fc\u00df")]
    [InlineData("e\u0301", "\u00e9")]
    [InlineData("\u212b\u2126", "\u00c5\u03a9")]
    [InlineData("q\u0307\u0323", "q\u0323\u0307")]
    [InlineData("\u1e0b\u0323", "\u1e0d\u0307")]
    [InlineData("a\u0323\u0302", "\u1ead")]
    [InlineData("a\u0302\u0323", "\u1ead")]
    [InlineData("a\u0301\u0301", "\u00e1\u0301")]
    [InlineData("\u0301e\u0301", "\u0301\u00e9")]
    [InlineData("e\u034f\u0301", "e\u034f\u0301")]
    [InlineData("\u0958\u0344", "\u0915\u093c\u0308\u0301")]
    [InlineData("\u1100\u1161\u11a8", "\uac01")]
    [InlineData("\uac00\u11a8", "\uac01")]
    [InlineData("\uac01\u11a8", "\uac01\u11a8")]
    [InlineData("\u1100\u11a8\u1161", "\u1100\u11a8\u1161")]
    [InlineData("\u0b47\u0300\u0b3e", "\u0b47\u0300\u0b3e")]
    [InlineData("\ud834\udd5e", "\ud834\udd57\ud834\udd65")]
    [InlineData("\ud804\udc99\ud804\udcba", "\ud804\udc9a")]
    [InlineData("\ud804\udf8b\ud804\udfc5", "\ud804\udf8e\ud804\udfc2")]
    [InlineData("\ud87e\udc1a", "\u51ac")]
    [InlineData("x\u0061\u0315\u0300\u05ae\u0300\u0062", "x\u00e0\u05ae\u0300\u0315b")]
    public void Text_IsComposed(string text, string expected) => Assert.Equal(expected, CanonicalComposition.Normalize(text));

    [Fact]
    public void Composing_IsIdempotentAndBlindToTheOrderOfMarksOfDifferentClass()
    {
        // Classes 230, 220, 202, 216: their order in the text does not matter.
        string[] marks = ["\u0301", "\u0323", "\u0327", "\u031b"];
        var random = new Random(3);
        for (int iteration = 0; iteration < 2000; iteration++)
        {
            string letter = "aeoucsxдक가"[random.Next(10)].ToString();
            string once = CanonicalComposition.Normalize(letter + string.Concat(marks));
            random.Shuffle(marks);
            Assert.Equal(once, CanonicalComposition.Normalize(letter + string.Concat(marks)));
            Assert.Equal(once, CanonicalComposition.Normalize(once));
            Assert.Equal(once + once, CanonicalComposition.Normalize(once + once));
        }
    }

    [Fact]
    public void UnchangedText_IsTheSameInstance()
    {
        string text = "čeština 中文 \ud83d\ude00";
        Assert.Same(text, CanonicalComposition.Normalize(text));
    }
}
