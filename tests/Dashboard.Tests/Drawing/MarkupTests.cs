using System.Xml.Linq;
using MambaQuant.Dashboard.Drawing;
using Xunit;

namespace MambaQuant.Dashboard.Tests.Drawing;

public class MarkupTests
{
    public static TheoryData<string> Hostile =>
    [
        "<script>alert(1)</script>", "</title><script>alert(1)</script>", "\" onload=\"alert(1)", "' onfocus='alert(1)", "&lt;b&gt; & &amp;", "]]>", "-->", "\U0001F600 \U0001D54F", "a\nb", "${alert(1)} {{alert(1)}}",
    ];

    [Theory]
    [MemberData(nameof(Hostile))]
    public void AnyText_StaysAText(string text)
    {
        string page = new Markup().Element("p", [("title", text)], inner => inner.Write(text)).ToString();
        XElement read = XElement.Parse(page, LoadOptions.PreserveWhitespace);
        Assert.Empty(read.Elements());
        Assert.Equal(text, read.Value);

        // XML makes a space of a line break in an attribute; a browser does not.
        Assert.Equal(text.Replace('\n', ' '), read.Attribute("title")!.Value);
        Assert.Equal(2, page.Count(letter => letter == '<'));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(0x1B)]
    [InlineData(0x7F)]
    [InlineData(0x85)]
    [InlineData('\r')]
    [InlineData(0xD800)]
    [InlineData(0xDC00)]
    [InlineData(0xFFFE)]
    [InlineData(0x202E)]
    [InlineData(0x2066)]
    public void WhatNoPageMayHold_IsReplaced(int unit) =>
        Assert.Equal("<p>a\uFFFDb</p>", new Markup().Text("p", $"a{(char)unit}b").ToString());

    [Theory]
    [InlineData("a b")]
    [InlineData("a>")]
    [InlineData("on=")]
    public void NamesComeFromTheProgram(string name)
    {
        Assert.Throws<ArgumentException>(() => new Markup().Element(name));
        Assert.Throws<ArgumentException>(() => new Markup().Element("p", [(name, "x")]));
    }

    [Fact]
    public void EmptyElement_ThatHtmlCloses_IsClosed()
    {
        Assert.Equal("<meta charset=\"utf-8\"/>", new Markup().Element("meta", [("charset", "utf-8")]).ToString());
        Assert.Equal("<p></p>", new Markup().Element("p", [("class", null)]).ToString());
    }
}
