using System.Diagnostics;
using System.Text;
using System.Text.Json;
using MambaQuant.Pipeline.Driving;
using MambaQuant.Pipeline.Scheduling;
using MambaQuant.Testing;
using Xunit;

namespace MambaQuant.Dashboard.Tests.Hosting;

public sealed class PageEventTests : ServedPage
{
    [Fact]
    public async Task Change_ArrivesWithinASecond_AndAlone()
    {
        List<double> delays = [];
        int item = 0;
        long changed = 0;
        await foreach (PageEvent news in Client.EventsAsync($"api/jobs/{Job.Plan.Id}/events"))
        {
            if (news.Name == "change")
            {
                delays.Add(Stopwatch.GetElapsedTime(changed).TotalSeconds);
                Assert.Equal([item, (int)ItemStatus.Done], news.Data.GetProperty("items").EnumerateArray().Select(value => value.GetInt32()));
                Assert.InRange(news.Length, 1, 300);
                item++;
            }

            if (delays.Count == 5)
            {
                break;
            }

            if (news.Name is "job" or "change")
            {
                await Task.Delay(100);
                changed = Stopwatch.GetTimestamp();
                Job.Set(ItemStatus.Done, item);
            }
        }

        // What a request takes that waits for nothing is the machine's own slowness.
        double answer = await Durations.MedianAsync(5, _ => Client.JsonAsync("api/jobs"));
        Assert.InRange(Durations.Median(delays), 0, 1 + (20 * answer)); // measured 0.1 to 0.3
    }

    [Fact]
    public async Task ManyChanges_ComeAtMostFourTimesASecond()
    {
        using var stop = new CancellationTokenSource();
        Task changes = Task.Run(async () =>
        {
            for (int round = 0; !stop.IsCancellationRequested; round++)
            {
                Job.Workers(new WorkerOverview("worker", "cpu", 0, 1, round, 1000, "tokens", 1, 0));
                await Task.Delay(5);
            }
        });
        int count = 0;
        long began = Stopwatch.GetTimestamp();
        await foreach (PageEvent news in Client.EventsAsync($"api/jobs/{Job.Plan.Id}/events"))
        {
            count += news.Name == "change" ? 1 : 0;
            if (count == 8)
            {
                break;
            }
        }

        TimeSpan elapsed = Stopwatch.GetElapsedTime(began);
        await stop.CancelAsync();
        await changes;
        Assert.InRange(elapsed.TotalSeconds, (count - 1) / 4.0, 300); // no upper limit on a busy machine
    }

    [Fact]
    public async Task PageThatComesBack_GetsWhatItMissed()
    {
        string? position = null;
        await foreach (PageEvent news in Client.EventsAsync($"api/jobs/{Job.Plan.Id}/events"))
        {
            if (news.Name == "job")
            {
                position = news.Id;
                break;
            }
        }

        Job.Set(ItemStatus.Done, 3);
        Job.Say(NoticeKind.Retry, "missed");
        foreach (bool asHeader in new[] { true, false })
        {
            PageEvent again = await FirstAsync(
                Client.EventsAsync($"api/jobs/{Job.Plan.Id}/events{(asHeader ? "" : $"?after={position}")}", asHeader ? [("Last-Event-ID", position!)] : []), "job", "change");

            Assert.Equal("change", again.Name);
            Assert.Equal([3, (int)ItemStatus.Done], again.Data.GetProperty("items").EnumerateArray().Select(value => value.GetInt32()));
            Assert.Equal("missed", again.Data.GetProperty("notices")[0].GetProperty("text").GetString());
        }
    }

    [Fact]
    public async Task PageOfAnotherServer_GetsEverything()
    {
        PageEvent news = await FirstAsync(Client.EventsAsync($"api/jobs/{Job.Plan.Id}/events?after=another-7"), "job", "change");

        Assert.Equal("job", news.Name);
    }

    [Fact]
    public async Task TwentyPages_AskTheSourceAsOften_AsOne()
    {
        async Task<(int Asked, double Seconds)> AskedAsync(int pages)
        {
            int before = Source.Asked;
            long began = Stopwatch.GetTimestamp();
            using var stop = new CancellationTokenSource();
            Task[] readers = [.. Enumerable.Range(0, pages).Select(async _ =>
            {
                await foreach (PageEvent news in Client.EventsAsync($"api/jobs/{Job.Plan.Id}/events"))
                {
                    if (stop.IsCancellationRequested)
                    {
                        break;
                    }
                }
            })];
            for (int round = 0; round < 100; round++)
            {
                Job.Set(ItemStatus.Running, round % 5);
                Job.Set(ItemStatus.Done, round % 5);
                await Task.Delay(20);
            }

            await stop.CancelAsync();
            Job.Set(ItemStatus.Ready, 7);
            Job.Set(ItemStatus.Done, 7);
            await Task.WhenAll(readers);
            return (Source.Asked - before, Stopwatch.GetElapsedTime(began).TotalSeconds);
        }

        (int Asked, double Seconds) one = await AskedAsync(1), twenty = await AskedAsync(20);

        // Twenty readers take longer on a busy machine: what is asked in a second counts.
        Assert.InRange(twenty.Asked, 1, (one.Asked * 2 * Math.Max(1, twenty.Seconds / one.Seconds)) + 4);
    }

    [Fact]
    public async Task LargeJob_ComesInOneSmallEvent_AndChangesAreSmaller()
    {
        MadeUpJob large = Source.Add(MadeUpPlan.Large());
        Assert.InRange(large.Plan.Graph.Items.Length, 10_000, 100_000);
        bool isBegun = false;
        await foreach (PageEvent news in Client.EventsAsync($"api/jobs/{large.Plan.Id}/events"))
        {
            if (news.Name == "job")
            {
                Assert.InRange(news.Length, large.Plan.Graph.Items.Length, large.Plan.Graph.Items.Length + 2000);
                isBegun = true;
                large.Set(ItemStatus.Done, Enumerable.Range(0, 10));
            }
            else if (news.Name == "change")
            {
                Assert.InRange(news.Length, 1, 300);
                break;
            }
        }

        Assert.True(isBegun);
        using HttpResponseMessage answer = await Client.GetAsync($"api/jobs/{large.Plan.Id}", ("Accept-Encoding", "gzip"));
        Assert.InRange(answer.Content.Headers.ContentLength ?? 0, 0, 60_000); // measured 31 kB
    }

    [Fact]
    public async Task AnotherJob_AppearsInTheList()
    {
        int lists = 0;
        await foreach (PageEvent news in Client.EventsAsync("api/events"))
        {
            if (news.Name == "jobs" && ++lists == 1)
            {
                Source.Add(MadeUpPlan.Of(layers: 3), "another");
            }
            else if (news.Name == "jobs")
            {
                Assert.Equal("another", news.Data.GetProperty("jobs")[1].GetProperty("model").GetString());
                break;
            }
        }
    }

    [Fact]
    public async Task SourceInTrouble_IsSaid_AndGoesOn()
    {
        string expected = "the cluster is away";
        bool wasTold = false;
        await foreach (PageEvent news in Client.EventsAsync($"api/jobs/{Job.Plan.Id}/events"))
        {
            if (news.Name == "job")
            {
                Source.Trouble = expected;
            }
            else if (news.Name == "change" && news.Data.TryGetProperty("trouble", out JsonElement trouble))
            {
                if (wasTold)
                {
                    Assert.Equal("", trouble.GetString());
                    break;
                }

                Assert.Contains(expected, trouble.GetString(), StringComparison.Ordinal);
                (wasTold, Source.Trouble) = (true, null);
            }
        }
    }

    [Fact]
    public async Task FaultThatNobodyForesaw_IsSaid_AndTheFeedGoesOn()
    {
        Source.FailOnce(new InvalidOperationException("secret"));
        List<string> heard = [];
        await foreach (PageEvent news in Client.EventsAsync($"api/jobs/{Job.Plan.Id}/events"))
        {
            if (news.Name is "job" or "change")
            {
                heard.Add(news.Data.GetRawText());
            }

            if (news.Data.TryGetProperty("items", out _))
            {
                break;
            }
        }

        Assert.Contains(nameof(InvalidOperationException), heard[0], StringComparison.Ordinal);
        Assert.DoesNotContain("secret", heard[0], StringComparison.Ordinal);
        Assert.Contains("running", heard[^1], StringComparison.Ordinal);
    }

    [Fact]
    public async Task ItemsThatThePlanDoesNotKnow_AreLeftOut()
    {
        Job.More = [new ItemChange(-1, ItemStatus.Done), new ItemChange(Job.Plan.Graph.Items.Length, ItemStatus.Done)];

        PageEvent news = await FirstAsync(Client.EventsAsync($"api/jobs/{Job.Plan.Id}/events"), "job", "change");

        Assert.Equal("", news.Data.GetProperty("trouble").GetString());
        Assert.Equal(Job.Plan.Graph.Items.Length, news.Data.GetProperty("items").GetString()!.Length);
    }

    [Fact]
    public async Task ListThatDoesNotCome_KeepsNoPageFromItsJob()
    {
        var list = new TaskCompletionSource();
        Source.ListWaitsFor = list.Task;
        List<string> heard = [];
        await foreach (PageEvent news in Client.EventsAsync($"api/jobs/{Job.Plan.Id}/events"))
        {
            heard.Add(news.Name);
            if (news.Name == "job")
            {
                Job.Set(ItemStatus.Done, 3);
            }
            else if (news.Name == "change")
            {
                list.SetResult();
            }
            else if (news.Name == "jobs")
            {
                break;
            }
        }

        Assert.Equal(["job", "change", "jobs"], heard.Where(name => name != "beat"));
    }
}
