using System.Text.RegularExpressions;
using MambaQuant.Testing;
using Xunit;

namespace MambaQuant.Quant.Tests;

/// <summary>What pages name must be there: linked pages, files, folders, programs, and the types of the library's page.</summary>
public sealed partial class DocumentTests
{
    public static TheoryData<string> Pages => [.. Documents.Pages];

    [Fact]
    public void Pages_AreFound() => Assert.Subset(
        new HashSet<string>(Documents.Pages), new HashSet<string> { "README.md", "docs/method.md", "docs/command-line.md", "docs/decisions/families-are-tables.md" });

    [Theory]
    [MemberData(nameof(Pages))]
    public void Links_Resolve(string page)
    {
        string folder = Path.GetDirectoryName(Repository.Path(page))!;
        string[] broken =
        [
            .. Link().Matches(Text(page))
                .Select(match => match.Groups[1].Value)
                .Where(target => !target.StartsWith("https://", StringComparison.Ordinal) && !Exists(Path.Combine(folder, target.Split('#')[0]))),
        ];
        Assert.Empty(broken);
    }

    [Theory]
    [MemberData(nameof(Pages))]
    public void Paths_Exist(string page)
    {
        string[] missing =
        [
            .. Span().Matches(Text(page))
                .Select(match => match.Groups[1].Value)
                .Where(span => RepositoryPath().IsMatch(span) && !Placeholder().IsMatch(span) && !Exists(Repository.Path(span))),
        ];
        Assert.Empty(missing);
    }

    [Theory]
    [MemberData(nameof(Pages))]
    public void Programs_CanBeRun(string page)
    {
        string text = Text(page);
        string[] missing =
        [
            .. Span().Matches(text)
                .Select(match => match.Groups[1].Value)
                .Concat(Fence().Matches(text).SelectMany(match => match.Groups[1].Value.Split('\n')))
                .Select(line => line.Split(' ')[0])
                .Where(word => Program().IsMatch(word) && !Directory.Exists(Repository.Path(word)) && !IsProgram(Repository.Path(word)))
                .Distinct(),
        ];
        Assert.Empty(missing);
    }

    [Fact]
    public void LibraryPage_NamesTypesAndMembersThatExist()
    {
        ILookup<string, string> sources = Directory.EnumerateFiles(Repository.Path("src"), "*.cs", SearchOption.AllDirectories)
            .ToLookup(path => Path.GetFileName(path).Split('.')[0]);
        string[] unknown =
        [
            .. Span().Matches(Fence().Replace(Text("docs/library.md"), string.Empty))
                .Select(match => Member().Match(match.Groups[1].Value))
                .Where(match => match.Success
                    && !sources[match.Groups[1].Value].Any(path => File.ReadAllText(path).Contains(match.Groups[2].Value, StringComparison.Ordinal)))
                .Select(match => match.Value),
        ];
        Assert.Empty(unknown);
    }

    private static string Text(string page) => File.ReadAllText(Repository.Path(page));

    private static bool Exists(string path) => File.Exists(path) || Directory.Exists(path);

    private static bool IsProgram(string path) =>
        File.Exists(path) && (OperatingSystem.IsWindows() || File.GetUnixFileMode(path).HasFlag(UnixFileMode.UserExecute));

    [GeneratedRegex(@"\]\(([^)\s]+)\)")]
    private static partial Regex Link();

    /// <summary>Code within a line.</summary>
    [GeneratedRegex(@"(?<!`)`([^`\n]+)`(?!`)")]
    private static partial Regex Span();

    /// <summary>Code on lines of its own.</summary>
    [GeneratedRegex(@"^```[a-z]*\n(.*?)^```", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex Fence();

    /// <summary>A path from the root of the repository, of two parts at least.</summary>
    [GeneratedRegex(@"^[A-Za-z0-9_.-]+(?:/[A-Za-z0-9_.-]+)+/?$")]
    private static partial Regex RepositoryPath();

    /// <summary>A segment in capitals stands for many: a name in a store, not a path.</summary>
    [GeneratedRegex(@"(^|/)[A-Z]{2,}(/|$)")]
    private static partial Regex Placeholder();

    [GeneratedRegex(@"^(?:\./|bench/)[a-z/]+$")]
    private static partial Regex Program();

    [GeneratedRegex(@"^([A-Z][A-Za-z]+)(?:\.([A-Z][A-Za-z]+))?(?= |$)")]
    private static partial Regex Member();
}
