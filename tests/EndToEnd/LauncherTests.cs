using MambaQuant.Testing;
using Xunit;

namespace MambaQuant.EndToEnd;

public sealed class LauncherTests
{
    private static readonly string Launcher = Repository.Path("mambaquant");

    [UnixFact]
    public void Launcher_BuildsAndRuns_FromAnyFolder_ThroughALink()
    {
        using TemporaryDirectory folder = new();
        string link = folder.File("mq");
        File.CreateSymbolicLink(link, Launcher);

        ProgramRun run = ProgramRun.OfOther("bash", [link, "doctor", "--out", ".", "--format", "json"], folder.Path);

        Assert.True(run.ExitCode is 0 or 15, run.Error);
        Assert.Contains(folder.Path, run.Output, StringComparison.Ordinal);
    }

    [UnixFact]
    public void Launcher_PassesArgumentsAndExitCode()
    {
        using TemporaryDirectory folder = new();

        ProgramRun run = ProgramRun.OfOther("bash", [Launcher, "inspect", "a folder with spaces"], folder.Path);

        Assert.Equal(4, run.ExitCode);
        Assert.Contains("'a folder with spaces'", run.Error, StringComparison.Ordinal);
    }

    [UnixFact]
    public void Launcher_BuildsTheClusterWhenItIsAskedFor_OrSaysThatThereIsNone()
    {
        using TemporaryDirectory folder = new();

        ProgramRun run = ProgramRun.OfOther("bash", [Launcher, "submit", "nowhere", "--store", "store"], folder.Path);
        ProgramRun help = ProgramRun.OfOther("bash", [Launcher, "submit", "--help"], folder.Path);

        Assert.True(run.ExitCode == 4 ? run.Error.Contains("'nowhere'", StringComparison.Ordinal) : run.ExitCode == 18 && run.Error.Contains("has no cluster", StringComparison.Ordinal), run.Error);
        Assert.False(Directory.Exists(folder.File("store")));
        Assert.Equal(0, help.ExitCode);
    }

    [UnixFact]
    public void Launcher_WithoutSdk_SaysSoInOneLine()
    {
        using TemporaryDirectory folder = new();
        foreach (string tool in new[] { "bash", "dirname", "readlink" })
        {
            string found = Environment.GetEnvironmentVariable("PATH")!.Split(':').Select(path => Path.Combine(path, tool)).First(File.Exists);
            File.CreateSymbolicLink(folder.File(tool), found);
        }

        ProgramRun run = ProgramRun.OfOther(
            folder.File("bash"), [Launcher, "doctor"], folder.Path, new Dictionary<string, string> { ["PATH"] = folder.Path, ["HOME"] = folder.Path });

        Assert.Equal(127, run.ExitCode);
        Assert.StartsWith("mambaquant: the .NET 10 SDK is not installed", run.Error, StringComparison.Ordinal);
        Assert.Single(run.Error.TrimEnd('\n').Split('\n'));
    }
}
