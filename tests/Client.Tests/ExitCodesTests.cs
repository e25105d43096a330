using System.Reflection;
using System.Text.RegularExpressions;
using MambaQuant.Testing;
using Xunit;

namespace MambaQuant.Client.Tests;

public sealed partial class ExitCodesTests
{
    private static readonly FieldInfo[] Codes = typeof(ExitCodes).GetFields(BindingFlags.Public | BindingFlags.Static);

    [Fact]
    public void Codes_Differ() => Assert.Equal(Codes.Length, Codes.Select(code => code.GetRawConstantValue()).Distinct().Count());

    [Fact]
    public void Documentation_ListsEveryCodeAndNoOther()
    {
        string page = File.ReadAllText(Repository.Path("docs", "command-line.md"));

        int[] documented = [.. Row().Matches(page).Select(row => int.Parse(row.Groups[1].Value))];

        Assert.Equal(Codes.Select(code => (int)code.GetRawConstantValue()!), documented);
    }

    [GeneratedRegex(@"^\| (\d+) \|", RegexOptions.Multiline)]
    private static partial Regex Row();
}
