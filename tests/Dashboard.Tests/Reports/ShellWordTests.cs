using MambaQuant.Dashboard.Reports;
using Xunit;

namespace MambaQuant.Dashboard.Tests.Reports;

public sealed class ShellWordTests
{
    [Theory]
    [InlineData("/data/out-1.5", "/data/out-1.5")]
    [InlineData("", "''")]
    [InlineData("my model", "'my model'")]
    [InlineData("it's", "'it'\\''s'")]
    [InlineData("$HOME;rm", "'$HOME;rm'")]
    [InlineData("a\tb'c\\", "$'a\\tb\\'c\\\\'")]
    public void Word_IsReadBackByAShell(string word, string quoted) => Assert.Equal(quoted, ShellWord.Quote(word));
}
