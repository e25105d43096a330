using System.Collections.Immutable;
using System.Globalization;
using MambaQuant.Pipeline.Artifacts;
using MambaQuant.Pipeline.Planning;
using MambaQuant.Pipeline.Scheduling;
using MambaQuant.Pipeline.Scheduling.Inputs;
using MambaQuant.Pipeline.Tests.Local;
using MambaQuant.Testing;
using Xunit;

namespace MambaQuant.Pipeline.Tests.Scheduling;

/// <summary>Snapshots in a store; that one with its tail tells the same as the whole journal is seen in every random schedule (<see cref="BareScheduler"/>).</summary>
public sealed class JournalSnapshotsTests
{
    private const string Job = "0123456789abcdef";
    private const int Enough = 1_000;

    private readonly MemoryArtifactStore _store = new();
    private readonly WorkGraph _graph = RandomGraphs.Any(new Random(3), 20);

    [Fact]
    public async Task LongJournal_GetsASnapshot_AndIsReadFromThere()
    {
        JournaledScheduler scheduler = await BeginAsync();
        Assert.Equal([JournalSnapshots.NameOf(Job, 2)], Snapshots());
        await scheduler.StepAsync(Joining(Enough, 3), default);
        JournalReplay whole = await Journal.ReplayAsync(_store, Job, _graph, default);
        await _store.DeleteAsync(Journal.ChunkName(Job, 1), default);
        await _store.DeleteAsync(Journal.ChunkName(Job, 2), default);

        JournalRecovery recovery = await RecoverAsync();

        Assert.Equal((3, 2, 3), (recovery.Chunks, recovery.SnapshotChunk, recovery.Records));
        Assert.Empty(recovery.PassedOver);
        Assert.Equal(whole.State.Describe(), recovery.State.Describe());
        Assert.Equal(Enough + 3, recovery.State.PresentWorkers.Count());

        // Whoever goes on writes the next chunk, and gives leases anew.
        JournaledScheduler successor = await OpenAsync(_store, "second");
        await successor.StepAsync([new JobAdopted(0, "second")], default);
        Assert.Equal(4, (await RecoverAsync()).Chunks);
        await Assert.ThrowsAsync<StaleOwnerException>(() => scheduler.StepAsync([new WorkerJoined(9, "late", 1, "cpu")], default));
    }

    [Fact]
    public async Task DamagedSnapshot_IsPassedOver_AndNamed()
    {
        JournaledScheduler scheduler = await BeginAsync();
        await scheduler.StepAsync(Joining(Enough, Enough), default);
        Assert.Equal([JournalSnapshots.NameOf(Job, 2), JournalSnapshots.NameOf(Job, 3)], Snapshots());
        string expected = scheduler.State.Describe();

        _store.Damage(JournalSnapshots.NameOf(Job, 3), 500);
        JournalRecovery second = await RecoverAsync();
        Assert.Equal((3, 2), (second.Chunks, second.SnapshotChunk));
        Assert.Contains($"snapshot '{JournalSnapshots.NameOf(Job, 3)}' of store '", Assert.Single(second.PassedOver), StringComparison.Ordinal);
        Assert.Equal(expected, second.State.Describe());
        Assert.Equal<IEnumerable<string>>(second.PassedOver, (await OpenAsync(_store, "second")).PassedOver);

        _store.Damage(JournalSnapshots.NameOf(Job, 2), 500);
        JournalRecovery first = await RecoverAsync();
        Assert.Equal((3, 0), (first.Chunks, first.SnapshotChunk));
        Assert.Equal(2, first.PassedOver.Length);
        Assert.Equal(expected, first.State.Describe());
    }

    [Theory]
    [InlineData("")]
    [InlineData("nonsense\n")]
    [InlineData("""{"snapshot":2,"chunk":9,"items":0,"workers":0,"profile":"","options":{},"status":"Absent","cause":"","now":0,"durations":{}}""")]
    [InlineData("""{"snapshot":1,"chunk":9,"items":1,"workers":0,"profile":"","options":{},"status":"Running","cause":"","now":0,"durations":{}}""")]
    [InlineData("""{"snapshot":1,"chunk":8,"items":0,"workers":0,"profile":"","options":{},"status":"Absent","cause":"","now":0,"durations":{}}""")]
    public async Task WhatIsNoSnapshotOfTheJob_IsPassedOver(string text)
    {
        JournaledScheduler scheduler = await BeginAsync();
        await _store.PutIfAbsentAsync(
            JournalSnapshots.NameOf(Job, 9), async (stream, token) => await stream.WriteAsync(System.Text.Encoding.UTF8.GetBytes(text + "\n"), token), default);

        JournalRecovery recovery = await RecoverAsync();

        Assert.Single(recovery.PassedOver);
        Assert.Equal(2, recovery.SnapshotChunk);
        Assert.Equal(scheduler.State.Describe(), recovery.State.Describe());
    }

    [Fact]
    public async Task GapBehindASnapshot_IsNamed()
    {
        JournaledScheduler scheduler = await BeginAsync();
        await scheduler.StepAsync(Joining(Enough, 1), default);
        await scheduler.StepAsync(Joining(Enough + 1, 1), default);
        await _store.DeleteAsync(Journal.ChunkName(Job, 3), default);

        Assert.Contains(Journal.ChunkName(Job, 3), (await Assert.ThrowsAsync<InvalidJournalException>(RecoverAsync)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task SnapshotThatCannotBePut_StopsNothing_AndIsTriedAgain()
    {
        bool isBroken = true;
        var faulty = new FaultyStore(_store, name => isBroken && name.Contains("/snapshots/", StringComparison.Ordinal) ? new ArtifactStoreException("no room") : null);
        JournaledScheduler scheduler = await OpenAsync(faulty, "first");
        await scheduler.StepAsync([Submission()], default);
        await scheduler.StepAsync(Joining(0, Enough), default);
        Assert.Equal("no room", scheduler.SnapshotFailure?.Message);
        Assert.Empty(Snapshots());
        Assert.Equal(scheduler.State.Describe(), (await RecoverAsync()).State.Describe());

        isBroken = false;
        await scheduler.StepAsync(Joining(Enough, Enough), default);
        Assert.Null(scheduler.SnapshotFailure);
        Assert.Equal([JournalSnapshots.NameOf(Job, 3)], Snapshots());
    }

    [Fact]
    public async Task OldSnapshots_AreThoseThatANewerWholeOneStandsFor_AndDamagedOnes()
    {
        JournaledScheduler scheduler = await BeginAsync();
        await scheduler.StepAsync(Joining(Enough, Enough), default);
        await scheduler.StepAsync(Joining(2 * Enough, Enough), default);
        _store.Damage(JournalSnapshots.NameOf(Job, 4), 500);

        ImmutableArray<ArtifactInfo> old = await JournalSnapshots.OldAsync(_store, Job, default);

        Assert.Equal([JournalSnapshots.NameOf(Job, 2), JournalSnapshots.NameOf(Job, 4)], old.Select(snapshot => snapshot.Name));
    }

    private static List<SchedulerInput> Joining(int first, int count) =>
        [.. Enumerable.Range(first, count).Select(worker => new WorkerJoined(worker, string.Create(CultureInfo.InvariantCulture, $"w{worker}"), 1, "cpu"))];

    /// <summary>A job of one chunk, and a second one that brings enough records for a snapshot.</summary>
    private async Task<JournaledScheduler> BeginAsync()
    {
        JournaledScheduler scheduler = await OpenAsync(_store, "first");
        await scheduler.StepAsync([Submission()], default);
        await scheduler.StepAsync(Joining(0, Enough), default);
        return scheduler;
    }

    private IEnumerable<string> Snapshots() => _store.Names.Where(name => name.Contains("/snapshots/", StringComparison.Ordinal)).Order(StringComparer.Ordinal);

    private JobSubmitted Submission() => new(0, Job, "cpu", new SchedulerOptions(), []) { Graph = _graph };

    private Task<JournaledScheduler> OpenAsync(IArtifactStore store, string owner) => JournaledScheduler.OpenAsync(store, Job, _graph, owner, default);

    private Task<JournalRecovery> RecoverAsync() => Journal.RecoverAsync(_store, Job, _graph, default);
}
