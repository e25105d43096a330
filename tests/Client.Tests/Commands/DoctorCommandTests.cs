using System.Text.Json;
using MambaQuant.Testing;
using Xunit;

namespace MambaQuant.Client.Tests.Commands;

public sealed class DoctorCommandTests
{
    [Fact]
    public void Json_ListsEveryCheck()
    {
        using TemporaryDirectory folder = new();

        CapturedRun run = new("doctor", "--out", folder.Path, "--format", "json");

        JsonElement checks = JsonDocument.Parse(run.Output).RootElement;
        Assert.Equal(7, checks.GetArrayLength());
        JsonElement access = checks.EnumerateArray().Single(check => check.GetProperty("name").GetString() == "write access");
        Assert.Equal("pass", access.GetProperty("status").GetString());
        Assert.Equal(folder.Path, access.GetProperty("detail").GetString());
        Assert.Equal("", run.Error);
    }

    [Fact]
    public void Check_LeavesNothingBehind()
    {
        using TemporaryDirectory folder = new();

        _ = new CapturedRun("doctor", "--out", folder.Path);

        Assert.Empty(Directory.EnumerateFileSystemEntries(folder.Path));
    }

    [Fact]
    public void MissingFolder_FailsTheMachine()
    {
        using TemporaryDirectory folder = new();

        CapturedRun run = new("doctor", "--out", folder.File("absent"));

        Assert.Equal(ExitCodes.MachineNotReady, run.ExitCode);
        Assert.Contains("FAIL  write access", run.Output, StringComparison.Ordinal);
    }
}
