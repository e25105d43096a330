using System.Globalization;
using System.Text.Json;
using MambaQuant.Pipeline.Artifacts;
using MambaQuant.Storage;
using MambaQuant.Testing;
using Xunit;

namespace MambaQuant.EndToEnd;

/// <summary>Processes that are stopped or killed, and the same command again.</summary>
[Collection(SharesQuantizedSample.Name)]
public sealed class ResumeTests(QuantizedSample sample) : IDisposable
{
    private const int Workers = 2;

    private readonly TemporaryDirectory _folder = new();

    public void Dispose() => _folder.Dispose();

    [UnixFact]
    public void KilledRuns_GoOn_AndEndWithTheSameBytes() => AssertSameAfterKills(
        round => ["--store", StorePath(round)], round => DirectoryArtifactStore.Open(StorePath(round)), kills: 5);

    [UnixFact]
    public void KilledRuns_GoOn_WithTheStoreBesideTheOutput() => AssertSameAfterKills(_ => [], openStore: null, kills: 2);

    [NeedsAzuriteFact]
    public void KilledRuns_GoOn_InABlobStore() => AssertSameAfterKills(
        round => ["--store", Container(round)], round => ArtifactStores.OpenAsync(Container(round), CancellationToken.None).GetAwaiter().GetResult(), kills: 5);

    [UnixFact]
    public void StoppedRun_GoesOnWithTheSameCommand()
    {
        string output = _folder.File("out");
        string[] command = ["quantize", SampleModel.Folder, "--out", output, .. QuantizedSample.Few];
        ProgramRun stopped = ProgramRun.Signalled(2, "observe original: 100 %", command);
        Assert.Equal(75, stopped.ExitCode);
        Assert.Contains("out.work", stopped.Error, StringComparison.Ordinal);

        ProgramRun again = ProgramRun.Of([.. command, "--resume", "required"]);
        Assert.Equal(0, again.ExitCode);
        Assert.Equal(KilledRuns.HashOf(sample.Folder), KilledRuns.HashOf(output));
        Assert.Equal([output], Directory.EnumerateFileSystemEntries(_folder.Path));
        using JsonDocument run = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(output, "run.json")));
        Assert.NotEqual(0, run.RootElement.GetProperty("items").GetProperty("reused").GetInt32());
    }

    [Fact]
    public void RequiredResume_WithNothingThere_IsRefused()
    {
        ProgramRun run = ProgramRun.Of(["quantize", SampleModel.Folder, "--out", _folder.File("out"), "--resume", "required", .. QuantizedSample.Few]);
        Assert.Equal(10, run.ExitCode);
        Assert.Contains("no interrupted run", run.Error, StringComparison.Ordinal);
        Assert.Empty(Directory.EnumerateFileSystemEntries(_folder.Path));
    }

    private static string Container(int round) =>
        AzuriteServer.Shared.ConnectionString() + string.Create(CultureInfo.InvariantCulture, $"Container=killed-{Environment.ProcessId}-{round}");

    private string StorePath(int round) => _folder.File(string.Create(CultureInfo.InvariantCulture, $"store-{round}"));

    private void AssertSameAfterKills(Func<int, string[]> options, Func<int, IArtifactStore>? openStore, int kills)
    {
        KilledRuns runs = KilledRuns.Of(
            _folder.Path,
            (output, round) =>
            [
                "dotnet", "exec", ProgramRun.Program, "quantize", SampleModel.Folder, "--out", output, "--workers", $"{Workers}", .. QuantizedSample.Few, .. options(round),
            ],
            kills,
            longest: TimeSpan.FromSeconds(6),
            seed: 1,
            openStore);

        Assert.Equal(kills, runs.Kills);
        Assert.Equal(KilledRuns.HashOf(sample.Folder), Assert.Single(runs.Hashes));
        if (openStore is null)
        {
            Assert.InRange(runs.Repeated, 0, kills * Workers);
            return;
        }

        // A process that was killed before it wrote anything has no run in the journal.
        Assert.InRange(runs.Runs.Count, 1, kills);
        Assert.Contains(runs.Runs, run => run.InFlight > 0);
        Assert.All(runs.Runs, run =>
        {
            Assert.InRange(run.InFlight, 0, Workers);
            Assert.InRange(run.Repeated, 0, run.InFlight);
        });
        Assert.Equal(runs.Runs.Sum(run => run.Repeated), runs.Repeated);
    }
}
