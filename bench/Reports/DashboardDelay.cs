using System.Diagnostics;
using System.Globalization;
using System.Text;
using MambaQuant.Dashboard.Hosting;
using MambaQuant.Dashboard.Tests;
using MambaQuant.Pipeline.Driving;
using MambaQuant.Pipeline.Planning;
using MambaQuant.Pipeline.Scheduling;
using MambaQuant.Testing;
using Microsoft.Playwright;

namespace MambaQuant.Reports;

/// <summary>How long after an event a page in a browser shows it, with a job of some hundred items and one of ten thousand.</summary>
internal static class DashboardDelay
{
    /// <summary>Measures.</summary>
    /// <param name="events">How many events.</param>
    public static async Task<string> MeasureAsync(int events)
    {
        if (((string[])["chromium", "chromium-browser", "google-chrome"]).Select(ChildProcess.OnPath).FirstOrDefault(path => path is not null) is not { } program)
        {
            return "## How late it is\n\nNot measured: no Chromium.\n\n";
        }

        var text = new StringBuilder("## How late it is\n\n");
        text.Append(CultureInfo.InvariantCulture, $"From a change of the job to the change of the document in headless Chromium on the same machine: {events} events at irregular moments, each with ten items that are done. First picture = from opening the address to a page with the job on it. Bytes are those of events before any compression.\n\n");
        text.Append("| items | first picture ms | median ms | 95 % | longest | first event kB | a change bytes | longest task of the page ms |\n|---:|---:|---:|---:|---:|---:|---:|---:|\n");
        using IPlaywright playwright = await Playwright.CreateAsync();
        await using IBrowser browser = await playwright.Chromium.LaunchAsync(new BrowserTypeLaunchOptions { ExecutablePath = program, Args = ["--no-sandbox", "--disable-gpu"] });
        foreach (WorkPlan plan in (WorkPlan[])[MadeUpPlan.Of(layers: 24, blocks: 8, shards: 8), MadeUpPlan.Large()])
        {
            text.Append(await MeasureAsync(browser, plan, events));
        }

        return text.Append('\n').ToString();
    }

    private static async Task<string> MeasureAsync(IBrowser browser, WorkPlan plan, int events)
    {
        var source = new MadeUpSource();
        MadeUpJob job = source.Add(plan);
        await using DashboardServer server = await DashboardServer.StartAsync(source, new DashboardOptions(), TimeProvider.System, CancellationToken.None);
        IPage page = await browser.NewPageAsync();
        await page.AddInitScriptAsync(
            """
            window.sizes = {}; window.delays = []; window.longest = 0;
            new PerformanceObserver(list => list.getEntries().forEach(entry => { window.longest = Math.max(window.longest, entry.duration); })).observe({ type: 'longtask' });
            const listen = EventSource.prototype.addEventListener;
            EventSource.prototype.addEventListener = function (name, handle) {
              listen.call(this, name, event => { (window.sizes[name] ??= []).push(event.data?.length ?? 0); handle(event); });
            };
            """);
        long opened = Stopwatch.GetTimestamp();
        await page.GotoAsync(server.Address);
        await page.WaitForFunctionAsync("() => document.getElementById('job-done').textContent !== ''");
        double first = Stopwatch.GetElapsedTime(opened).TotalMilliseconds;
        await page.EvaluateAsync(
            """
            () => { window.longest = 0; new MutationObserver(() => {
              const newest = document.querySelector('#notices .text');
              if (newest && newest.textContent !== window.newest) { window.newest = newest.textContent; window.delays.push(Date.now() - Number(newest.textContent)); }
            }).observe(document.getElementById('notices'), { childList: true, subtree: true }); }
            """);
        var random = new Random(1);
        for (int number = 0; number < events; number++)
        {
            await Task.Delay(random.Next(400, 900));
            job.Set(ItemStatus.Done, Enumerable.Range(10 * number, 10).Where(item => item < plan.Graph.Items.Length));
            job.Say(NoticeKind.Remark, DateTimeOffset.UtcNow.ToUnixTimeMilliseconds().ToString(CultureInfo.InvariantCulture));
        }

        await Task.Delay(1500);
        double[] delays = [.. (await page.EvaluateAsync<double[]>("() => window.delays")).Order()];
        double[] whole = await page.EvaluateAsync<double[]>("() => window.sizes.job"), changes = await page.EvaluateAsync<double[]>("() => window.sizes.change");
        double longest = await page.EvaluateAsync<double>("() => window.longest");
        await page.CloseAsync();
        return string.Create(
            CultureInfo.InvariantCulture,
            $"| {plan.Graph.Items.Length} | {first:F0} | {delays[delays.Length / 2]:F0} | {delays[delays.Length * 95 / 100]:F0} | {delays[^1]:F0} | {whole[0] / 1000:F1} | {changes.Order().ElementAt(changes.Length / 2):F0} | {longest:F0} |\n");
    }
}
