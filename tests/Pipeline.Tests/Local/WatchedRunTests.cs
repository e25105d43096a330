using MambaQuant.Pipeline.Artifacts;
using MambaQuant.Pipeline.Driving;
using MambaQuant.Pipeline.Execution;
using MambaQuant.Pipeline.Local;
using MambaQuant.Pipeline.Planning;
using MambaQuant.Pipeline.Scheduling;
using MambaQuant.Quant.Recipes;
using MambaQuant.Testing;
using Xunit;

namespace MambaQuant.Pipeline.Tests.Local;

/// <summary>What somebody sees who watches a run.</summary>
public sealed class WatchedRunTests : WholeRunTests
{
    [Fact]
    public void ItemThatIsShownAsDone_StandsInTheJournal()
    {
        var store = new MemoryArtifactStore();
        var watch = new RunWatch();
        int looks = 0, shown = 0;
        var watched = new FaultyStore(store, name =>
        {
            // Just before a commit: what happened since the last one is known to the driver, and to nobody who would come after a kill.
            if (name.Contains("/journal/", StringComparison.Ordinal) && watch.Jobs is [{ } job] && job.View(0) is { Items.Length: > 0 } overview)
            {
                SchedulerState left = Journal.RecoverAsync(store, job.Plan.Id, job.Plan.Graph, CancellationToken.None).GetAwaiter().GetResult().State;
                int[] done = [.. overview.Items.Where(item => item.Status == ItemStatus.Done).Select(item => item.Item)];
                Assert.All(done, item => Assert.Equal(ItemStatus.Done, left.StatusOf(item)));
                (looks, shown) = (looks + 1, Math.Max(shown, done.Length));
            }

            return null;
        });
        QuantizeOptions options = Options(TinyModel.Preset(RecipePresets.SmoothQuant), "out") with { OpenStore = _ => Task.FromResult<IArtifactStore>(watched), Watch = watch };
        Engine().Quantize(options, new StageLog(), CancellationToken.None);

        Assert.True(looks > 5 && shown > 5, $"{looks} looks, {shown} items");
    }

    [Fact]
    public void WhoWatches_IsToldBeforeTheStoreGoes_AndOnlyThen()
    {
        int told = 0;
        var watch = new RunWatch();
        watch.Closing = () =>
        {
            told++;
            JobWatch job = watch.Jobs.Single();
            Assert.Equal(JobStatus.Finished, job.Status);
            Assert.NotNull(ItemReceipt.FindAsync(watch.Store!, job.Plan.Find(WorkKind.Quantize, 0)!.Key, CancellationToken.None).GetAwaiter().GetResult());
        };
        QuantizeOptions options = Options(TinyModel.Preset(RecipePresets.SmoothQuant), "out") with { Watch = watch };
        Engine().Begin(options, new StageLog(), CancellationToken.None).Dispose();
        Assert.Equal(0, told);

        Engine().Quantize(options, new StageLog(), CancellationToken.None);

        Assert.Equal(1, told);
    }
}
