using MambaQuant.Dashboard.Hosting;
using MambaQuant.Pipeline.Driving;
using MambaQuant.Pipeline.Planning;
using MambaQuant.Pipeline.Scheduling;
using Microsoft.Playwright;
using Xunit;

namespace MambaQuant.Dashboard.Tests.Browser;

/// <summary>The page in a browser, with jobs that do what the test says.</summary>
public sealed class PageTests(Chromium chromium) : IClassFixture<Chromium>, IAsyncLifetime
{
    private readonly MadeUpSource _source = new();
    private DashboardServer _server = null!;

    public async Task InitializeAsync() => _server = await DashboardServer.StartAsync(_source, new DashboardOptions(), TimeProvider.System, CancellationToken.None);

    public async Task DisposeAsync() => await _server.DisposeAsync();

    [BrowserFact]
    public async Task JobInItsMiddle_IsShownWhole()
    {
        MadeUpJob job = await HalfDoneAsync(MadeUpPlan.Of(layers: 24, blocks: 8, shards: 8));
        foreach ((string name, int width, ColorScheme colours) in new[] { ("light", 1200, ColorScheme.Light), ("dark", 1200, ColorScheme.Dark), ("phone", 390, ColorScheme.Light), ("phone-dark", 390, ColorScheme.Dark) })
        {
            await using WatchedPage page = await chromium.OpenAsync(new BrowserNewContextOptions { ViewportSize = new ViewportSize { Width = width, Height = 844 }, ColorScheme = colours });
            await page.Page.GotoAsync(_server.Address);
            await page.WaitForTextAsync("#job-status", "Running");
            await page.WaitForTextAsync("#workers td", "search smoothing layer 9");
            await page.WaitForTextAsync("#layer-title", "Layer");
            await page.Page.WaitForFunctionAsync("() => document.querySelectorAll('#quality rect[fill^=rgb]').length > 10");
            await page.PhotographAsync(name);
            Assert.True(await page.Page.EvaluateAsync<bool>("() => document.documentElement.scrollWidth <= innerWidth"), $"{name}: wider than the window");
            page.IsSound();
        }

        Assert.Equal(JobStatus.Running, job.View(0).Status);
    }

    private async Task<MadeUpJob> HalfDoneAsync(WorkPlan plan)
    {
        MadeUpJob job = _source.Add(plan, "mamba-130m");
        job.Set(ItemStatus.Done, [.. job.Of(WorkKind.Tokenize), .. job.Of(WorkKind.ObserveOriginal), .. job.Of(WorkKind.ObserveRanges), .. job.Of(WorkKind.ReduceOriginal), .. job.Of(WorkKind.ResidualRotation)]);
        job.Set(ItemStatus.Done, job.Of(WorkKind.SearchSmoothing).Take(9));
        job.Set(ItemStatus.Running, job.Of(WorkKind.SearchSmoothing).Skip(9).Take(2));
        job.Set(ItemStatus.Ready, job.Of(WorkKind.SearchSmoothing).Skip(11));
        job.Set(ItemStatus.Done, job.Of(WorkKind.Transform).Take(8));
        job.Set(ItemStatus.Done, job.Of(WorkKind.ObserveTransformed).Take(20));
        job.Set(ItemStatus.Running, job.Of(WorkKind.ObserveTransformed).Skip(20).Take(3));
        job.Set(ItemStatus.Delayed, job.Of(WorkKind.ObserveTransformed).Skip(23).Take(2));
        job.Set(ItemStatus.Unneeded, job.Of(WorkKind.ReduceRanges).Take(4));
        job.Set(ItemStatus.Done, job.Of(WorkKind.Quantize).Take(4));
        foreach (WorkItem item in plan.Graph.Items.Where(item => item.Kind is WorkKind.ResidualRotation || (item.Kind is WorkKind.Transform or WorkKind.Quantize && item.First is >= 0 and < 4)))
        {
            await MadeUpPictures.PutAsync(_source, item);
        }

        job.Stages(
            new StageOverview(Stages.ObserveOriginal, 786_432, 786_432, "tokens", 12_345),
            new StageOverview(Stages.ResidualRotation, 1, 1, "rotations", 0.2),
            new StageOverview(Stages.SearchSmoothing, 9, 24, "layers", 0.11),
            new StageOverview(Stages.ObserveTransformed, 245_760, 786_432, "tokens", 9_876),
            new StageOverview(Stages.Quantize, 4, 24, "layers", 0.05));
        int[] searching = [.. job.Of(WorkKind.SearchSmoothing)], observing = [.. job.Of(WorkKind.ObserveTransformed)];
        job.Workers(
            new WorkerOverview("worker-0", "processors, 4 threads for 4", searching[9], 1, 3, 5, "sites", 12.3, 14),
            new WorkerOverview("worker-1", "processors, 4 threads for 4", searching[10], 2, 1, 5, "sites", 4, 11),
            new WorkerOverview("worker-2", "processors, 4 threads for 4", observing[20], 1, 1024, 4096, "tokens", 0.7, 17),
            new WorkerOverview("worker-10", "processors, 4 threads for 4", null, 0, 0, 0, "", 0, 9));
        job.Say(NoticeKind.Remark, "worker-1 joined");
        job.Say(NoticeKind.Retry, "ObserveTransformed layers 3-5 shard 4 is tried again: IOException: the disk says no");
        job.Say(NoticeKind.Loss, "worker-3 was lost: no sign of life for 15 s; ObserveTransformed layers 6-8 shard 0 returns to the queue");
        return job;
    }
}
