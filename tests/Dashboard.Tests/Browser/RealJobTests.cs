using MambaQuant.Dashboard.Tests.Hosting;
using MambaQuant.Pipeline.Scheduling;
using MambaQuant.Testing;
using Microsoft.Playwright;
using Xunit;

namespace MambaQuant.Dashboard.Tests.Browser;

/// <summary>The program at work on the sample model, and a browser that watches it.</summary>
public sealed class RealJobTests(Chromium chromium) : IClassFixture<Chromium>, IDisposable
{
    private static readonly PageWaitForFunctionOptions Patiently = new() { Timeout = 300_000 };

    private readonly TemporaryDirectory _folder = new();

    public void Dispose() => _folder.Dispose();

    [BrowserFact]
    public async Task TwoJobs_AreWatchedFromStartToEnd_WithAReloadInTheMiddle()
    {
        await using WatchedPage page = await chromium.OpenAsync(); // a browser may take longer to start than a job to end
        using QuantizeProcess program = QuantizeProcess.Start(_folder.File("out"), more: ["--preset", "smoothquant,mambaquant", "--samples", "4", "--seq-len", "64"]);
        await page.Page.GotoAsync(await program.AddressAsync());
        await page.WaitForTextAsync("#job-title", "smoothquant");
        await page.WaitForTextAsync(".stage .state", "running");
        await page.PhotographAsync("real-begun");

        await page.Page.ReloadAsync();

        await page.Page.WaitForFunctionAsync("() => document.querySelectorAll('#jobs li').length === 2 && document.getElementById('job-title').textContent.includes('mambaquant')", null, Patiently);
        await page.Page.WaitForFunctionAsync("() => document.querySelectorAll('#layer-content figure').length > 0 || document.getElementById('job-status').textContent.includes('Finished')", null, Patiently);
        await page.PhotographAsync("real-middle");
        await page.Page.WaitForFunctionAsync("() => document.getElementById('job-status').textContent.includes('Finished')", null, Patiently);
        await page.WaitForTextAsync("#connection-text", "has ended");

        Assert.Equal(0, program.Process.WaitForEnd(TimeSpan.FromMinutes(3)));
        string[] done = (await page.TextAsync("#job-done")).Split(' ');
        Assert.Equal(done[0], done[2]);
        Assert.True(await page.Page.EvaluateAsync<bool>("() => [...document.querySelectorAll('.stage')].every(stage => ['done', 'stored'].includes(stage.dataset.state))"));
        Assert.Equal(2, await page.Page.Locator("#jobs a[data-status=finished]").CountAsync());
        await page.Page.WaitForFunctionAsync("() => document.querySelectorAll('#layer-choice option:not([disabled])').length === 9", null, Patiently); // eight layers and the ends, the last ones included; drawn a moment behind their coming
        await page.PhotographAsync("real-end");
        page.IsSound();
    }

    [BrowserFact]
    public async Task ProgramThatIsKilledAndBegunAgain_IsWatchedOn()
    {
        int port = FreePort.Find(1)[0];
        using var client = new PageClient(port);
        HashSet<int> shown;
        string[] what = ["--preset", "smoothquant", "--samples", "16", "--seq-len", "96"];
        await using WatchedPage page = await chromium.OpenAsync();
        using (QuantizeProcess program = QuantizeProcess.Start(_folder.File("out"), port, more: what))
        {
            await page.Page.GotoAsync(await program.AddressAsync());
            await page.Page.WaitForFunctionAsync("() => parseInt(document.getElementById('job-done').textContent) >= 8", null, Patiently);
            shown = await DoneAsync(client);
            program.Process.Kill();
        }

        await page.Page.WaitForFunctionAsync("() => document.getElementById('connection').dataset.state === 'lost'", null, Patiently);
        await page.PhotographAsync("real-lost");
        using QuantizeProcess again = QuantizeProcess.Start(_folder.File("out"), port, more: what);
        await page.Page.WaitForFunctionAsync("() => document.getElementById('connection').dataset.state === 'live'", null, Patiently);
        Assert.InRange(shown.Count, 8, 1000);
        Assert.Superset(shown, await DoneAsync(client)); // the second program took over all that the first one had shown
        await page.Page.WaitForFunctionAsync("() => document.getElementById('job-status').textContent.includes('Finished')", null, Patiently);

        Assert.Equal(0, again.Process.WaitForEnd(TimeSpan.FromMinutes(3)));
        page.IsSound();
    }

    [BrowserFact]
    public async Task JobThatFails_SaysWhyOnThePage()
    {
        if (!OperatingSystem.IsLinux())
        {
            return; // the limit on files is one of its shells
        }

        // Large enough for what the items put, too small for the checkpoint's tensors.
        await using WatchedPage page = await chromium.OpenAsync();
        using QuantizeProcess program = QuantizeProcess.Start(_folder.File("out"), limitKilobytes: 2500, more: ["--preset", "smoothquant", "--samples", "8", "--seq-len", "64"]);
        await page.Page.GotoAsync(await program.AddressAsync());

        await page.Page.WaitForFunctionAsync("() => document.getElementById('job-status').textContent.includes('Failed')", null, Patiently);

        Assert.NotEqual(0, program.Process.WaitForEnd(TimeSpan.FromMinutes(3)));
        Assert.Contains("IOException", await page.TextAsync("#job-cause"), StringComparison.Ordinal);
        await page.PhotographAsync("real-failed");
    }

    /// <summary>Items that are done, as a page hears first.</summary>
    private static async Task<HashSet<int>> DoneAsync(PageClient client)
    {
        string job = (await client.JsonAsync("api/jobs")).GetProperty("jobs")[0].GetProperty("job").GetString()!;
        await foreach (PageEvent news in client.EventsAsync($"api/jobs/{job}/events"))
        {
            if (news.Name == "job")
            {
                string states = news.Data.GetProperty("items").GetString()!;
                return [.. Enumerable.Range(0, states.Length).Where(item => states[item] - '0' == (int)ItemStatus.Done)];
            }
        }

        throw new InvalidOperationException("the stream ended before the job came");
    }
}
