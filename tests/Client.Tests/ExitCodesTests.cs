using System.Reflection;
using System.Text.RegularExpressions;
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
        string page = File.ReadAllText(Path.Combine(Root(), "docs", "command-line.md"));

        int[] documented = [.. Row().Matches(page).Select(row => int.Parse(row.Groups[1].Value))];

        Assert.Equal(Codes.Select(code => (int)code.GetRawConstantValue()!), documented);
    }

    private static string Root()
    {
        DirectoryInfo? folder = new(AppContext.BaseDirectory);
        while (folder is not null && !File.Exists(Path.Combine(folder.FullName, "MambaQuant.Distributed.sln")))
        {
            folder = folder.Parent;
        }

        return folder!.FullName;
    }

    [GeneratedRegex(@"^\| (\d+) \|", RegexOptions.Multiline)]
    private static partial Regex Row();
}
