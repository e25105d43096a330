using System.Text.RegularExpressions;
using MambaQuant.Testing;
using Xunit;

namespace MambaQuant.Quant.Tests;

public sealed partial class DocumentTests
{
    [Fact]
    public void Documents_NameFilesThatExist()
    {
        string[] missing =
        [
            .. Directory.GetFiles(Repository.Path("docs"), "*.md").SelectMany(document => RepositoryPath().Matches(File.ReadAllText(document))
                .Select(match => match.Groups[1].Value)
                .Where(path => !File.Exists(Repository.Path(path)) && !Directory.Exists(Repository.Path(path)))
                .Select(path => $"{Path.GetFileName(document)} names {path}")),
        ];
        Assert.Empty(missing);
    }

    [GeneratedRegex("`((?:src|tests|samples|bench|docs)/[A-Za-z0-9_./-]+)`")]
    private static partial Regex RepositoryPath();
}
