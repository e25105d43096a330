using System.Collections.Immutable;
using System.Text;
using MambaQuant.Pipeline.Artifacts;
using MambaQuant.Pipeline.Planning;
using MambaQuant.Pipeline.Scheduling;
using MambaQuant.Pipeline.Scheduling.Inputs;
using MambaQuant.Pipeline.Scheduling.Outputs;
using MambaQuant.Testing;
using Xunit;

namespace MambaQuant.Pipeline.Tests.Scheduling;

public sealed class JournalTests
{
    private const string Job = "0123456789abcdef";

    private readonly MemoryArtifactStore _store = new();
    private readonly WorkGraph _graph = RandomGraphs.Any(new Random(3), 20);

    [Fact]
    public async Task Replay_EndsInAnEqualState()
    {
        JournaledScheduler scheduler = await OpenAsync("first");
        long clock = 0;
        List<SchedulerInput> inputs = [Submission(), new WorkerJoined(0, "w1", long.MaxValue, "cpu"), new WorkRequested(0, "w1")];
        while (scheduler.State.Status != JobStatus.Finished)
        {
            ImmutableArray<SchedulerOutput> outputs = await scheduler.StepAsync(inputs, default);
            clock += 1000;
            inputs = [.. outputs.OfType<Assign>().SelectMany(assign => new SchedulerInput[]
            {
                new LeaseRenewed(clock, "w1", assign.Item, assign.Attempt, 0),
                new Tick(clock),
                new WorkCompleted(clock, "w1", assign.Item, assign.Attempt, $"made-{assign.Item}", true),
            })];
            Assert.Equal(scheduler.State.Describe(), (await ReplayAsync()).State.Describe());
        }

        JournalReplay replay = await ReplayAsync();
        Assert.Equal(JobStatus.Finished, replay.State.Status);
        Assert.DoesNotContain(replay.Records, record => record is LeaseRenewed or Tick);
    }

    [Fact]
    public async Task Commit_IsOneChunkHoweverManyInputsCome()
    {
        JournaledScheduler scheduler = await OpenAsync("first");

        await scheduler.StepAsync([Submission(), new WorkerJoined(0, "w1", 1, "cpu"), new WorkerJoined(0, "w2", 1, "cpu")], default);
        await scheduler.StepAsync([new Tick(5)], default);
        await scheduler.StepAsync([new WorkRequested(6, "w1")], default);

        Assert.Equal([$"jobs/{Job}/journal/00000001", $"jobs/{Job}/journal/00000002"], _store.Names);
        Assert.Equal(4, (await ReplayAsync()).Records.Length);
    }

    [Fact]
    public async Task Replay_OfNothingIsTheEmptyState()
    {
        JournalReplay replay = await ReplayAsync();

        Assert.Same(SchedulerState.Empty, replay.State);
        Assert.Equal(0, replay.Chunks);
    }

    [Fact]
    public async Task StaleOwner_LosesItsNextWriteAndItsDecision()
    {
        JournaledScheduler first = await OpenAsync("first");
        await first.StepAsync([Submission(), new WorkerJoined(0, "w1", long.MaxValue, "cpu")], default);
        JournaledScheduler second = await OpenAsync("second");
        await second.StepAsync([new JobAdopted(0, "second")], default);
        string before = first.State.Describe();

        StaleOwnerException exception = await Assert.ThrowsAsync<StaleOwnerException>(() => first.StepAsync([new WorkRequested(1, "w1")], default));

        Assert.Equal("second", exception.Successor);
        Assert.Equal(Job, exception.Job);
        Assert.Contains("'first' stops", exception.Message, StringComparison.Ordinal);
        Assert.Equal(before, first.State.Describe());
        await second.StepAsync([new WorkRequested(1, "w1")], default);
        Assert.Equal(second.State.Describe(), (await ReplayAsync()).State.Describe());
    }

    [Fact]
    public async Task TwoOwnersThatBeginTogether_OneWins()
    {
        JournaledScheduler first = await OpenAsync("first");
        JournaledScheduler second = await OpenAsync("second");

        await first.StepAsync([Submission()], default);

        await Assert.ThrowsAsync<StaleOwnerException>(() => second.StepAsync([Submission()], default));
    }

    [Fact]
    public async Task Replay_NamesAMissingChunk()
    {
        JournaledScheduler scheduler = await OpenAsync("first");
        await scheduler.StepAsync([Submission()], default);
        await scheduler.StepAsync([new WorkerJoined(0, "w1", 1, "cpu")], default);
        await _store.DeleteAsync(Journal.ChunkName(Job, 1), default);

        InvalidJournalException exception = await Assert.ThrowsAsync<InvalidJournalException>(ReplayAsync);

        Assert.Contains("expected jobs/0123456789abcdef/journal/00000001", exception.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("", "found nothing")]
    [InlineData("{\"journal\":4,\"chunk\":1,\"owner\":\"x\"}\n", "version 1 to 3, found 4")]
    [InlineData("{\"journal\":1,\"chunk\":7,\"owner\":\"x\"}\n", "says that it is chunk 7")]
    [InlineData("{\"journal\":1,\"chunk\":1,\"owner\":\"x\"}\n{\"input\":\"tick\",\"at\":0}\nnonsense\n", "line 3")]
    public async Task Replay_NamesALineThatIsNoRecord(string text, string expected)
    {
        await _store.PutIfAbsentAsync(Journal.ChunkName(Job, 1), async (stream, token) => await stream.WriteAsync(Encoding.UTF8.GetBytes(text), token), default);

        InvalidJournalException exception = await Assert.ThrowsAsync<InvalidJournalException>(ReplayAsync);

        Assert.Contains(expected, exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Journal_OfVersion1_IsReadOn_AndAFailureKeepsItsKind()
    {
        const string Old = """
            {"journal":1,"chunk":1,"owner":"x"}
            {"input":"worker-joined","worker":"w","memoryBytes":9223372036854775807,"profile":"cpu","at":0}
            {"input":"work-failed","worker":"w","item":0,"attempt":1,"failure":"Permanent","cause":"not said","at":1}

            """;
        JournaledScheduler scheduler = await OpenAsync("first");
        await scheduler.StepAsync([Submission(), new WorkerJoined(0, "w", long.MaxValue, "cpu")], default);
        await _store.PutIfAbsentAsync(Journal.ChunkName(Job, 2), async (stream, token) => await stream.WriteAsync(Encoding.UTF8.GetBytes(Old.Replace("\"chunk\":1", "\"chunk\":2", StringComparison.Ordinal)), token), default);
        scheduler = await OpenAsync("second");
        Assert.Null(scheduler.Broken);
        Assign assign = Assert.Single((await scheduler.StepAsync([new WorkRequested(2, "w")], default)).OfType<Assign>());

        await scheduler.StepAsync([new WorkFailed(3, "w", assign.Item, assign.Attempt, WorkFailure.Permanent, "not finite") { Fault = "NonFiniteValueException" }], default);

        Assert.Equal((JobStatus.Failed, "NonFiniteValueException"), (scheduler.State.Status, scheduler.State.Fault));
        SchedulerState replayed = (await ReplayAsync()).State;
        Assert.Equal(scheduler.State.Describe(), replayed.Describe());
        Assert.Equal("NonFiniteValueException", replayed.Fault);
        Assert.Equal("NonFiniteValueException", StateSnapshot.Read(StateSnapshot.Write(replayed, 4, 3), _graph).Fault);
        await scheduler.StepAsync([Submission() with { Round = 1 }], default);
        Assert.Empty(scheduler.State.Fault);
    }

    [Fact]
    public async Task Replay_OfACorruptChunkIsRefusedByTheStore()
    {
        await (await OpenAsync("first")).StepAsync([Submission()], default);
        _store.Damage(Journal.ChunkName(Job, 1), 40);

        await Assert.ThrowsAsync<CorruptArtifactException>(ReplayAsync);
    }

    [Fact]
    public async Task ManyChunks_AreReadInOrder()
    {
        JournaledScheduler scheduler = await OpenAsync("first");
        await scheduler.StepAsync([Submission()], default);
        for (int worker = 0; worker < 50; worker++)
        {
            await scheduler.StepAsync([new WorkerJoined(worker, $"w{worker}", 1, "cpu")], default);
        }

        JournalReplay replay = await ReplayAsync();

        Assert.Equal(51, replay.Chunks);
        Assert.Equal(Enumerable.Range(0, 50).Select(worker => $"w{worker}"), replay.State.PresentWorkers);
    }

    private JobSubmitted Submission() => new(0, Job, "cpu", new SchedulerOptions(), []) { Graph = _graph };

    private Task<JournaledScheduler> OpenAsync(string owner) => JournaledScheduler.OpenAsync(_store, Job, _graph, owner, default);

    private Task<JournalReplay> ReplayAsync() => Journal.ReplayAsync(_store, Job, _graph, default);
}
