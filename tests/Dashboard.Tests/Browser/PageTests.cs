using MambaQuant.Dashboard.Hosting;
using MambaQuant.Pipeline.Driving;
using MambaQuant.Pipeline.Planning;
using MambaQuant.Pipeline.Scheduling;
using MambaQuant.Testing;
using Microsoft.Playwright;
using Xunit;

namespace MambaQuant.Dashboard.Tests.Browser;

/// <summary>The page in a browser, with jobs that do what the test says.</summary>
public sealed class PageTests(Chromium chromium) : IClassFixture<Chromium>, IAsyncLifetime
{
    private readonly MadeUpSource _source = new();
    private DashboardServer _server = null!;

    public async Task InitializeAsync() => _server = await StartAsync(new DashboardOptions());

    public async Task DisposeAsync() => await _server.DisposeAsync();

    [BrowserFact]
    public async Task JobInItsMiddle_IsShownWhole()
    {
        await MadeUpMiddle.HalfDoneAsync(_source, MadeUpPlan.Of(layers: 24, blocks: 8, shards: 8));
        foreach ((string name, int width, ColorScheme colours) in new[] { ("light", 1200, ColorScheme.Light), ("dark", 1200, ColorScheme.Dark), ("phone", 390, ColorScheme.Light), ("phone-dark", 390, ColorScheme.Dark) })
        {
            await using WatchedPage page = await chromium.OpenAsync(new BrowserNewContextOptions { ViewportSize = new ViewportSize { Width = width, Height = 844 }, ColorScheme = colours });
            await page.Page.GotoAsync(_server.Address);
            await page.WaitForTextAsync("#job-status", "Running");
            await page.WaitForTextAsync("#workers td", "search smoothing layer 9");
            await page.WaitForTextAsync("#layer-title", "Layer 3");
            await page.Page.WaitForFunctionAsync("() => document.querySelectorAll('#quality rect[fill^=rgb]').length > 40 && document.querySelectorAll('#layer-content figure').length > 8");
            await page.PhotographAsync(name);
            Assert.True(await page.Page.EvaluateAsync<bool>("() => document.documentElement.scrollWidth <= innerWidth"), $"{name}: wider than the window");
            page.IsSound();
        }
    }

    [BrowserFact]
    public async Task PicturesThatCannotBeRead_KeepNoOthersAway()
    {
        WorkPlan plan = MadeUpPlan.Of(layers: 24, blocks: 8, shards: 8);
        await MadeUpMiddle.HalfDoneAsync(_source, plan);
        var store = (MemoryArtifactStore)_source.Store;
        foreach (WorkItem damaged in new[] { plan.Graph.Items.First(item => item.Kind == WorkKind.ResidualRotation), plan.Find(WorkKind.Quantize, 1)! })
        {
            store.Damage(WorkPlan.NameOf(damaged.Key, ItemOutputs.Picture), 5);
        }

        await using WatchedPage page = await OpenAsync();

        await page.WaitForTextAsync("#layer-title", "Layer 3");
        bool isOffered = await page.Page.EvaluateAsync<bool>("() => !document.querySelector('#layer-choice').options[1].disabled");
        Assert.False(isOffered);
        page.IsSound();
    }

    [BrowserFact]
    public async Task Event_IsOnThePageWithinASecond()
    {
        MadeUpJob job = _source.Add(MadeUpPlan.Of());
        await using WatchedPage page = await OpenAsync();
        double usual = await Durations.MedianAsync(7, async round =>
        {
            job.Say(NoticeKind.Remark, $"event {round}");
            await page.WaitForTextAsync("#notices .text", $"event {round}");
        });

        // What a page that is told nothing needs for an answer is the machine's own slowness, and the driver's.
        double answer = await Durations.MedianAsync(7, _ => page.Page.WaitForFunctionAsync("() => true"));
        Assert.InRange(usual, 0, 1 + (10 * answer)); // measured 0.1 to 0.3, and 0.01 for an answer
        page.IsSound();
    }

    [BrowserFact]
    public async Task Reload_LosesNothing()
    {
        MadeUpJob job = _source.Add(MadeUpPlan.Of());
        job.Say(NoticeKind.Retry, "before the reload");
        job.Set(ItemStatus.Done, 0, 1, 2);
        await using WatchedPage page = await OpenAsync();
        await page.WaitForTextAsync("#job-done", "3 of");

        job.Say(NoticeKind.Loss, "meanwhile");
        job.Set(ItemStatus.Done, 3, 4);
        await page.Page.ReloadAsync();

        await page.WaitForTextAsync("#job-done", "5 of");
        await page.WaitForTextAsync("#notices .text", "before the reload");
        await page.WaitForTextAsync("#notices .text", "meanwhile");
        page.IsSound();
    }

    [BrowserFact]
    public async Task LostConnection_IsSaidAndTakenUpAgain()
    {
        MadeUpJob job = _source.Add(MadeUpPlan.Of());
        using var wire = new Wire(_server.Port);
        await using WatchedPage page = await OpenAsync(wire.Address);
        wire.Cut();
        await page.WaitForTextAsync("#connection-text", "lost");
        job.Set(ItemStatus.Done, 0, 1, 2, 3);
        job.Say(NoticeKind.Retry, "while away");
        Assert.Equal("0 of", (await page.TextAsync("#job-done"))[..4]);

        wire.Mend();

        await page.WaitForTextAsync("#connection-text", "live");
        await page.WaitForTextAsync("#job-done", "4 of");
        await page.WaitForTextAsync("#notices .text", "while away");
        page.IsSound();
    }

    [BrowserFact]
    public async Task ConnectionThatGoesSilent_IsNoticed()
    {
        MadeUpJob job = _source.Add(MadeUpPlan.Of());
        using var wire = new Wire(_server.Port);
        await using WatchedPage page = await OpenAsync(wire.Address);
        wire.IsSilent = true;
        job.Set(ItemStatus.Done, 0);
        await page.Page.WaitForFunctionAsync("() => document.getElementById('connection').dataset.state === 'lost'");

        wire.Mend();

        await page.WaitForTextAsync("#job-done", "1 of");
        page.IsSound();
    }

    [BrowserFact]
    public async Task AnotherServer_TakesThePageOver()
    {
        MadeUpJob job = _source.Add(MadeUpPlan.Of());
        using var wire = new Wire(_server.Port);
        await using WatchedPage page = await OpenAsync(wire.Address);
        job.Say(NoticeKind.Remark, "of the first owner");
        await page.WaitForTextAsync("#notices .text", "first owner");

        wire.Cut();
        await _server.DisposeAsync();
        _server = await StartAsync(new DashboardOptions());
        wire.Target = _server.Port;
        job.TakeOver("second");
        job.Set(ItemStatus.Done, 0, 1);
        wire.Mend();

        await page.WaitForTextAsync("#job-done", "2 of");
        Assert.Equal(0, await page.Page.Locator("#notices li").CountAsync());
        page.IsSound();
    }

    [BrowserFact]
    public async Task ServerThatEnds_LeavesItsLastWordOnThePage()
    {
        MadeUpJob job = _source.Add(MadeUpPlan.Of());
        DashboardServer server = await StartAsync(new DashboardOptions { ToTellTheEnd = TimeSpan.FromMinutes(3) });
        await using WatchedPage page = await OpenAsync(server.Address);

        job.Change(overview => overview with { Status = JobStatus.Finished });
        await server.DisposeAsync();

        await page.WaitForTextAsync("#job-status", "Finished");
        await page.WaitForTextAsync("#connection-text", "has ended");
    }

    [BrowserFact]
    public async Task TwoJobs_AreFollowedOneAfterTheOther_UnlessOneIsChosen()
    {
        MadeUpJob first = _source.Add(MadeUpPlan.Of(layers: 3), "one"), second = _source.Add(MadeUpPlan.Of(layers: 4), "two");
        second.Change(overview => overview with { Status = JobStatus.Absent });
        await using WatchedPage page = await OpenAsync();
        await page.WaitForTextAsync("#job-title", "one");

        first.Change(overview => overview with { Status = JobStatus.Finished });
        second.Change(overview => overview with { Status = JobStatus.Running });
        await page.WaitForTextAsync("#job-title", "two");
        await page.WaitForTextAsync("#job-facts dd", second.Plan.Id);

        await page.Page.ClickAsync($"#jobs a[href='#job={first.Plan.Id}']");
        await page.WaitForTextAsync("#job-title", "one");
        await page.WaitForTextAsync("#job-status", "Finished");
        Assert.Equal(1, await page.Page.Locator("#jobs a[aria-current=page]").CountAsync());
        await page.PhotographAsync("two-jobs");
        await page.Page.GoBackAsync();
        await page.WaitForTextAsync("#job-title", "two");
        page.IsSound();
    }

    [BrowserFact]
    public async Task Failure_IsShownWithItsCause_AndReadOut()
    {
        MadeUpJob job = await MadeUpMiddle.HalfDoneAsync(_source, MadeUpPlan.Of(layers: 24, blocks: 8, shards: 8));
        await using WatchedPage page = await OpenAsync();

        job.Say(NoticeKind.Failure, "Quantize layer 5 failed 3 times");
        job.Change(overview => overview with { Status = JobStatus.Failed, Fault = "NonFiniteActivationException", Cause = "layer 5, out_proj_input, shard 3: channel 17 is NaN" });

        await page.WaitForTextAsync("#job-status", "Failed");
        await page.WaitForTextAsync("#job-cause", "NonFiniteActivationException: layer 5");
        await page.WaitForTextAsync("#notices li[data-kind=failure]", "failed 3 times");
        await page.WaitForTextAsync("#announce", "failed");
        await page.PhotographAsync("failed");
        page.IsSound();
    }

    [BrowserFact]
    public async Task Text_NeverBecomesMarkup()
    {
        const string Attack = "<img src=x onerror=\"window.hacked=1\"><script>window.hacked=1</script>\"'><b>&lt;";
        _source.Description = Attack;
        MadeUpJob job = _source.Add(MadeUpPlan.Of(name: Attack), Attack);
        job.Change(overview => overview with { Status = JobStatus.Failed, Cause = Attack, Fault = Attack, Store = Attack, Damaged = [Attack] });
        job.Say(NoticeKind.Failure, Attack);
        job.Workers(new WorkerOverview(Attack, Attack, 0, 1, 5, 10, Attack, 1, 0));
        job.Stages(new StageOverview(Stages.ObserveOriginal, 1, 2, Attack, 3));
        await using WatchedPage page = await OpenAsync();

        foreach (string place in new[] { "#source", "#job-title", "#job-cause", "#notices .text", "#workers th", "#jobs .name", "#job-facts dd", ".stage .amount" })
        {
            await page.WaitForTextAsync(place, Attack);
        }

        Assert.Equal(0, await page.Page.Locator("img, b, body script").CountAsync());
        Assert.False(await page.Page.EvaluateAsync<bool>("() => 'hacked' in window"));
        await page.PhotographAsync("hostile");
        page.IsSound();
    }

    [BrowserFact]
    public async Task LargeJob_IsPaintedAndUpdatedQuickly()
    {
        MadeUpJob job = _source.Add(MadeUpPlan.Large(), "mamba-2.8b");
        job.Set(ItemStatus.Done, Enumerable.Range(0, 4000));
        await using WatchedPage page = await chromium.OpenAsync();
        double first = await Durations.MedianAsync(3, async _ =>
        {
            await page.Page.GotoAsync(_server.Address);
            await page.WaitForTextAsync("#job-done", "4000 of");
        });

        for (int round = 0; round < 10; round++)
        {
            job.Set(ItemStatus.Done, Enumerable.Range(4000 + (round * 50), 50));
            await Task.Delay(260);
        }

        await page.WaitForTextAsync("#job-done", "4500 of");
        await page.PhotographAsync("large");
        Assert.InRange(first, 0, 20); // measured 0.5 to 1.2
        page.IsSound();
    }

    [BrowserFact]
    public async Task Token_OpensThePageOnce()
    {
        const string Token = "0123456789abcdef";
        _source.Add(MadeUpPlan.Of());
        await using DashboardServer server = await StartAsync(new DashboardOptions { Token = Token });
        await using WatchedPage page = await chromium.OpenAsync();
        await page.Page.GotoAsync(server.Address);
        await page.WaitForTextAsync("body", "needs its token");

        await page.Page.GotoAsync($"{server.Address}?token={Token}");
        await page.WaitForTextAsync("#job-status", "Running");
        Assert.DoesNotContain(Token, page.Page.Url, StringComparison.Ordinal);
        Assert.DoesNotContain(Token, await page.Page.EvaluateAsync<string>("() => document.cookie"), StringComparison.Ordinal);
        await page.Page.ReloadAsync();
        await page.WaitForTextAsync("#job-status", "Running");
        page.IsSound();
    }

    private static async Task WaitUntilLiveAsync(WatchedPage page)
    {
        await page.WaitForTextAsync("#connection-text", "live");
        await page.Page.WaitForFunctionAsync("() => !document.getElementById('job').hidden && document.getElementById('job-done').textContent !== ''");
    }

    private async Task<WatchedPage> OpenAsync(string? address = null)
    {
        WatchedPage page = await chromium.OpenAsync();
        await page.Page.GotoAsync(address ?? _server.Address);
        await WaitUntilLiveAsync(page);
        return page;
    }

    private Task<DashboardServer> StartAsync(DashboardOptions options) => DashboardServer.StartAsync(_source, options, TimeProvider.System, CancellationToken.None);
}
