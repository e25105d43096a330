using System.CommandLine;
using System.Globalization;
using System.Text.RegularExpressions;
using MambaQuant.Client.Commands;
using MambaQuant.Testing;
using Xunit;

namespace MambaQuant.Client.Tests;

/// <summary>docs/command-line.md against the tree that parses, and every command line of every page against the parser.</summary>
public sealed partial class CommandLineDocumentTests
{
    /// <summary>Options that every verb has without declaring them.</summary>
    private static readonly string[] _everywhere = ["--help", "--version"];

    private static readonly string _page = File.ReadAllText(Repository.Path("docs", "command-line.md"));

    public static TheoryData<string> Verbs => [.. CommandLine.Verbs.Select(verb => verb.Name)];

    /// <summary>Every page but the reports, whose programs have command lines of their own.</summary>
    public static TheoryData<string> Pages => [.. Documents.Pages.Where(page => !page.StartsWith("bench/", StringComparison.Ordinal))];

    [Fact]
    public void Page_HasASectionForEveryVerbAndNoOther()
    {
        string[] expected =
        [
            .. CommandLine.Verbs.Select(verb => string.Join(' ', [verb.Name, .. verb.Verb.Arguments.Select(argument => argument.Name)])),
        ];
        Assert.Equal(expected, Section().Matches(_page).Select(match => match.Groups[1].Value));
    }

    [Theory]
    [MemberData(nameof(Verbs))]
    public void Section_ListsEveryOptionOfTheVerbAndNoOther(string name)
    {
        Command verb = CommandLine.Verbs.Single(command => command.Name == name).Verb;
        string heading = string.Join(' ', [name, .. verb.Arguments.Select(argument => argument.Name)]);
        string section = Section().Matches(_page).Single(match => match.Groups[1].Value == heading).Value;

        Assert.Equal(
            verb.Options.Where(option => !_everywhere.Contains(option.Name)).Select(option => (Spelled(option), Default(option))),
            Row().Matches(section).Select(row => (row.Groups[1].Value.Replace("\\|", "|", StringComparison.Ordinal), row.Groups[2].Value)));
    }

    [Theory]
    [MemberData(nameof(Pages))]
    public void Pages_NameNoOptionThatDoesNotExist(string page)
    {
        HashSet<string> known = [.. CommandLine.Verbs.SelectMany(verb => verb.Verb.Options).Select(option => option.Name), .. _everywhere];

        // Other programs have options of their own.
        string[] others = ["bench/", "kubectl", "silo"];
        IEnumerable<string> lines = File.ReadLines(Repository.Path(page)).Where(line => !others.Any(other => line.Contains(other, StringComparison.OrdinalIgnoreCase)));
        Assert.Empty(lines.SelectMany(line => OptionName().Matches(line)).Select(match => match.Value).Where(option => !known.Contains(option)).Distinct());
    }

    [Theory]
    [MemberData(nameof(Pages))]
    public void CommandLinesOfPages_Parse(string page)
    {
        foreach (Match match in Invocation().Matches(File.ReadAllText(Repository.Path(page))))
        {
            ParseResult parse = CommandLine.Root.Parse(match.Groups[1].Value);
            Assert.True(parse.Errors.Count == 0, $"{page}: {match.Value}: {string.Join("; ", parse.Errors.Select(error => error.Message))}");
        }
    }

    [Fact]
    public void Readme_ShowsCommandLines() =>
        Assert.True(Invocation().Count(File.ReadAllText(Repository.Path("README.md"))) >= 5);

    private static string Spelled(Option option) => option.HelpName is null ? option.Name : $"{option.Name} {option.HelpName}";

    private static string Default(Option option) => option switch
    {
        { Required: true } => "required",
        Option<bool> => "off",
        _ when NamedDefault().Match(option.Description ?? "") is { Success: true } named => named.Groups[1].Value,
        { Name: "--workers" } => "one per processor",
        { HasDefaultValue: true } => Convert.ToString(option.GetDefaultValue(), CultureInfo.InvariantCulture)!,
        _ => "none",
    };

    [GeneratedRegex(@"^### `([^`]+)`\n(?:(?!^##).*\n?)*", RegexOptions.Multiline)]
    private static partial Regex Section();

    [GeneratedRegex(@"^\| `(--[^`]+)` \| ([^|]+) \|", RegexOptions.Multiline)]
    private static partial Regex Row();

    [GeneratedRegex(@"(?<![\w-])--[a-z][a-z0-9-]*")]
    private static partial Regex OptionName();

    [GeneratedRegex(@"\[default: ([^\]]+)\]")]
    private static partial Regex NamedDefault();

    [GeneratedRegex(@"^\./mambaquant ([a-z].*)$", RegexOptions.Multiline)]
    private static partial Regex Invocation();
}
