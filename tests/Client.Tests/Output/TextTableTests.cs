using MambaQuant.Client.Output;
using Xunit;

namespace MambaQuant.Client.Tests.Output;

public sealed class TextTableTests
{
    [Fact]
    public void Table_AlignsNamesLeft_NumbersRight_WithoutTrailingSpaces()
    {
        TextTable table = new("", "perplexity", "KL");
        table.Add("float", "26.15", "");
        table.Add("mambaquant", "26.20", "0.0012");
        StringWriter text = new() { NewLine = "\n" };

        table.Write(text);

        Assert.Equal(
            """
                        perplexity      KL
            ----------  ----------  ------
            float            26.15
            mambaquant       26.20  0.0012

            """,
            text.ToString());
    }

    [Fact]
    public void Row_WithoutAllCells_IsRefused() => Assert.Throws<ArgumentOutOfRangeException>(() => new TextTable("a", "b").Add("1"));
}
