using MambaQuant.Grains.Contracts;
using MambaQuant.Pipeline.Driving;
using MambaQuant.Pipeline.Execution;
using MambaQuant.Pipeline.Planning;
using MambaQuant.Pipeline.Scheduling;
using MambaQuant.Quant.Models;
using MambaQuant.Quant.Recipes;
using MambaQuant.Silo.Watching;
using MambaQuant.Testing;
using Xunit;

namespace MambaQuant.Silo.Tests.Watching;

public sealed class ClusterJobSourceTests
{
    private readonly MemoryArtifactStore _store = new();
    private readonly WorkPlan _plan = WorkPlanner.Plan(new PlanRequest
    {
        Recipe = RecipePresets.Get(RecipePresets.MambaQuant, RecipePresets.DefaultScheme),
        Model = ModelIdentity.OfShape("made-up", PublishedModels.Find("mamba-130m")!.Config with { LayerCount = 3 }),
        Calibration = new CalibrationIdentity { Source = "text", Text = "text", Samples = 64, SequenceLength = 512 },
        Profile = "made up",
        Options = new PlanOptions { Blocks = 3, Shards = 2 },
    });

    [Fact]
    public async Task JobThatHasEnded_ShowsAllThatItLeft()
    {
        await StoredPlans.PutAsync(_store, _plan, CancellationToken.None);
        foreach (WorkItem item in _plan.Graph.Items)
        {
            await FinishAsync(item);
        }

        var source = new ClusterJobSource(StandingGrains.Of(Closed(JobPhase.Finished)), _store, "a test");
        JobOverview overview = (await source.WatchAsync(_plan.Id, 0, TimeSpan.Zero, CancellationToken.None))!;
        JobOverview again = (await source.WatchAsync(_plan.Id, overview.Version, TimeSpan.Zero, CancellationToken.None))!;

        Assert.Equal(JobStatus.Finished, overview.Status);
        Assert.Equal(_plan.Graph.Items.Select(item => new ItemChange(item.Index, ItemStatus.Done)), overview.Items);
        Assert.NotEmpty(overview.Stages);
        Assert.All(overview.Stages, stage => Assert.Equal(stage.Total, stage.Done));
        Assert.Equal(_plan.Graph.Items.Length, overview.Made);
        Assert.Equal(1, overview.Version);
        Assert.Same(overview, again);
    }

    [Fact]
    public async Task JobThatHasEnded_TellsWhatWasMadeAndWhatWasThere_AsItDidWhileItRan()
    {
        await StoredPlans.PutAsync(_store, _plan, CancellationToken.None);
        JobView closed = Closed(JobPhase.Finished) with { Made = 4, Reused = 7, Repeated = 2, Notices = [new JobNotice(1, "tried again")] };

        JobOverview overview = (await new ClusterJobSource(StandingGrains.Of(closed), _store, "a test").WatchAsync(_plan.Id, 0, TimeSpan.Zero, CancellationToken.None))!;

        Assert.Equal((4, 7, 2), (overview.Made, overview.Reused, overview.Repeated));
        Assert.Equal("tried again", Assert.Single(overview.Notices).Text);
    }

    [Fact]
    public async Task JobThatFailed_ShowsWhatWasStillToBeDone()
    {
        await StoredPlans.PutAsync(_store, _plan, CancellationToken.None);
        WorkItem done = _plan.Graph.Items.First(item => item.Kind == WorkKind.ReduceOriginal);
        await FinishAsync(done);

        var source = new ClusterJobSource(StandingGrains.Of(Closed(JobPhase.Failed)), _store, "a test");
        JobOverview overview = (await source.WatchAsync(_plan.Id, 0, TimeSpan.Zero, CancellationToken.None))!;

        Assert.Equal(done.Index, Assert.Single(overview.Items, change => change.Status == ItemStatus.Done).Item);
        Assert.Equal(ItemStatus.Waiting, overview.Items[^1].Status);
        Assert.Contains(overview.Stages, stage => stage.Done < stage.Total);
    }

    private JobView Closed(JobPhase phase) => new() { Job = _plan.Id, Phase = phase, Owner = "a silo that has gone" };

    private async Task FinishAsync(WorkItem item)
    {
        var outputs = new List<ReceiptOutput>();
        foreach (string output in _plan.OutputsOf(item))
        {
            await PutAsync(item, output, "content"u8.ToArray());
            outputs.Add(new ReceiptOutput(output, 7, (await _store.HeadAsync(WorkPlan.NameOf(item.Key, output), CancellationToken.None))!.Checksum));
        }

        await PutAsync(item, ItemOutputs.Receipt, new ItemReceipt(item.Label, [.. outputs], 0).ToJson());
    }

    private Task PutAsync(WorkItem item, string output, byte[] content) => _store.PutIfAbsentAsync(
        WorkPlan.NameOf(item.Key, output), async (stream, token) => await stream.WriteAsync(content, token), CancellationToken.None);
}
