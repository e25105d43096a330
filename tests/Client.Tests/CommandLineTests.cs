using Xunit;

namespace MambaQuant.Client.Tests;

public sealed class CommandLineTests
{
    [Fact]
    public void NoVerb_IsAUsageError_ThatListsTheVerbs()
    {
        CapturedRun run = new();

        Assert.Equal(ExitCodes.Usage, run.ExitCode);
        Assert.Equal("", run.Output);
        Assert.Equal($"error: a verb is missing\nverbs: {string.Join(", ", CommandLine.Verbs.Select(verb => verb.Name))}; see: mambaquant --help\n", run.Error);
    }

    [Fact]
    public void UnknownVerb_IsNamed()
    {
        CapturedRun run = new("quantise", "model");

        Assert.Equal(ExitCodes.Usage, run.ExitCode);
        Assert.StartsWith("error: there is no verb 'quantise'\n", run.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(new[] { "jobs" }, "error: a verb is missing\n")]
    [InlineData(new[] { "jobs", "remove" }, "error: there is no verb 'jobs remove'\n")]
    public void VerbOfAGroup_MissingOrUnknown_ListsThoseOfTheGroup(string[] arguments, string expected)
    {
        CapturedRun run = new(arguments);

        Assert.Equal(ExitCodes.Usage, run.ExitCode);
        Assert.Equal($"{expected}verbs: jobs list, jobs show, jobs gc; see: mambaquant jobs --help\n", run.Error);
    }

    [Fact]
    public void UnknownOption_IsNamed_WithTheHelpOfTheVerb()
    {
        CapturedRun run = new("doctor", "--fast");

        Assert.Equal(ExitCodes.Usage, run.ExitCode);
        Assert.Equal("error: Unrecognized command or argument '--fast'.\nsee: mambaquant doctor --help\n", run.Error);
    }

    [Theory]
    [InlineData("--format", "xml", "--format must be text or json, found 'xml'")]
    public void WrongWord_ListsTheRightOnes(string option, string value, string expected)
    {
        CapturedRun run = new("doctor", option, value);

        Assert.Equal(ExitCodes.Usage, run.ExitCode);
        Assert.StartsWith($"error: {expected}\n", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void Help_GoesToStdout_AndIsNoError()
    {
        CapturedRun run = new("--help");

        Assert.Equal(ExitCodes.Success, run.ExitCode);
        Assert.Contains("doctor", run.Output, StringComparison.Ordinal);
        Assert.Equal("", run.Error);
    }

    [Fact]
    public void Version_IsPrinted()
    {
        CapturedRun run = new("--version");

        Assert.Equal(ExitCodes.Success, run.ExitCode);
        Assert.Matches(@"^\d+\.\d+\.\d+", run.Output);
    }
}
