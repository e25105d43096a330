using System.Diagnostics;
using System.Net;
using System.Text;
using System.Text.Json;
using MambaQuant.Dashboard.Hosting;
using MambaQuant.Dashboard.Pages;
using MambaQuant.Pipeline.Driving;
using MambaQuant.Pipeline.Planning;
using MambaQuant.Pipeline.Scheduling;
using Xunit;

namespace MambaQuant.Dashboard.Tests.Hosting;

public sealed class DashboardServerTests : IAsyncLifetime, IDisposable
{
    private readonly MadeUpSource _source = new();
    private DashboardServer _server = null!;
    private PageClient _client = null!;
    private MadeUpJob _job = null!;

    public async Task InitializeAsync()
    {
        _job = _source.Add(MadeUpPlan.Of());
        _server = await StartAsync();
        _client = new PageClient(_server);
    }

    public async Task DisposeAsync()
    {
        await _server.DisposeAsync();
    }

    public void Dispose() => _client.Dispose();

    [Fact]
    public async Task Page_IsServedWholeFromHere()
    {
        foreach ((string name, PageFile file) in PageFiles.All)
        {
            using HttpResponseMessage answer = await _client.GetAsync(name == PageFiles.Index ? "" : name);

            Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
            Assert.Equal(file.Plain.ToArray(), await answer.Content.ReadAsByteArrayAsync());
        }

        Assert.InRange(PageFiles.All.Values.Sum(file => file.Packed.Length), 1, 60_000);
    }

    [Fact]
    public void Page_NamesNoOtherHostAndNoScriptInLine()
    {
        foreach ((string name, PageFile file) in PageFiles.All)
        {
            string text = Encoding.UTF8.GetString(file.Plain.Span);
            Assert.DoesNotContain("https:", text, StringComparison.Ordinal);
            Assert.DoesNotContain("http:", text.Replace("http://www.w3.org/2000/svg", "", StringComparison.Ordinal), StringComparison.Ordinal);
            Assert.DoesNotContain("innerHTML", text, StringComparison.Ordinal);
            Assert.DoesNotContain("insertAdjacentHTML", text, StringComparison.Ordinal);
            Assert.False(name.EndsWith(".html", StringComparison.Ordinal) && (text.Contains("<script>", StringComparison.Ordinal) || text.Contains(" style=", StringComparison.Ordinal)));
        }
    }

    [Fact]
    public async Task FileThatIsKnown_IsNotSentAgain()
    {
        using HttpResponseMessage first = await _client.GetAsync("app.js");
        using HttpResponseMessage second = await _client.GetAsync("app.js", ("If-None-Match", first.Headers.ETag!.ToString()));

        Assert.Equal(HttpStatusCode.NotModified, second.StatusCode);
    }

    [Fact]
    public async Task Plan_HasEveryItemAndTheGraphOfStages()
    {
        JsonElement plan = await _client.JsonAsync($"api/jobs/{_job.Plan.Id}");

        Assert.Equal(4 * _job.Plan.Graph.Items.Length, plan.GetProperty("items").GetArrayLength());
        JsonElement quantize = plan.GetProperty("stages").EnumerateArray().Single(stage => stage.GetProperty("stage").GetString() == Stages.Quantize);
        Assert.Contains(Stages.ObserveTransformed, quantize.GetProperty("needs").EnumerateArray().Select(need => need.GetString()));
        Assert.DoesNotContain(Stages.ObserveOriginal, quantize.GetProperty("needs").EnumerateArray().Select(need => need.GetString()));
    }

    [Fact]
    public async Task TwentyPages_ReadAPlanOnce()
    {
        var plan = new TaskCompletionSource();
        _source.PlanWaitsFor = plan.Task;
        Task<JsonElement>[] pages = [.. Enumerable.Range(0, 20).Select(_ => _client.JsonAsync($"api/jobs/{_job.Plan.Id}"))];
        await Task.Delay(500);
        plan.SetResult();

        foreach (JsonElement page in await Task.WhenAll(pages))
        {
            Assert.Equal(_job.Plan.Id, page.GetProperty("job").GetString());
        }

        Assert.Equal(1, _source.PlansAsked);
    }

    [Fact]
    public async Task Change_ArrivesWithinASecond_AndAlone()
    {
        List<TimeSpan> delays = [];
        int item = 0;
        long changed = 0;
        await foreach (PageEvent news in _client.EventsAsync($"api/jobs/{_job.Plan.Id}/events"))
        {
            if (news.Name == "change")
            {
                delays.Add(Stopwatch.GetElapsedTime(changed));
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
                _job.Set(ItemStatus.Done, item);
            }
        }

        // The median, since tests share their machine; measured 0.02 to 0.3 s.
        Assert.InRange(delays.Order().ElementAt(2), TimeSpan.Zero, TimeSpan.FromSeconds(1));
    }

    [Fact]
    public async Task ManyChanges_ComeAtMostFourTimesASecond()
    {
        using var stop = new CancellationTokenSource();
        Task changes = Task.Run(async () =>
        {
            for (int round = 0; !stop.IsCancellationRequested; round++)
            {
                _job.Workers(new WorkerOverview("worker", "cpu", 0, 1, round, 1000, "tokens", 1, 0));
                await Task.Delay(5);
            }
        });
        int count = 0;
        long began = Stopwatch.GetTimestamp();
        await foreach (PageEvent news in _client.EventsAsync($"api/jobs/{_job.Plan.Id}/events"))
        {
            count += news.Name == "change" ? 1 : 0;
            if (Stopwatch.GetElapsedTime(began) > TimeSpan.FromSeconds(2))
            {
                break;
            }
        }

        await stop.CancelAsync();
        await changes;
        Assert.InRange(count, 2, 10);
    }

    [Fact]
    public async Task PageThatComesBack_GetsWhatItMissed()
    {
        string? position = null;
        await foreach (PageEvent news in _client.EventsAsync($"api/jobs/{_job.Plan.Id}/events"))
        {
            if (news.Name == "job")
            {
                position = news.Id;
                break;
            }
        }

        _job.Set(ItemStatus.Done, 3);
        _job.Say(NoticeKind.Retry, "missed");
        foreach (bool asHeader in new[] { true, false })
        {
            PageEvent again = await FirstAsync(
                _client.EventsAsync($"api/jobs/{_job.Plan.Id}/events{(asHeader ? "" : $"?after={position}")}", asHeader ? [("Last-Event-ID", position!)] : []), "job", "change");

            Assert.Equal("change", again.Name);
            Assert.Equal([3, (int)ItemStatus.Done], again.Data.GetProperty("items").EnumerateArray().Select(value => value.GetInt32()));
            Assert.Equal("missed", again.Data.GetProperty("notices")[0].GetProperty("text").GetString());
        }
    }

    [Fact]
    public async Task PageOfAnotherServer_GetsEverything()
    {
        PageEvent news = await FirstAsync(_client.EventsAsync($"api/jobs/{_job.Plan.Id}/events?after=another-7"), "job", "change");

        Assert.Equal("job", news.Name);
    }

    [Fact]
    public async Task TwentyPages_AskTheSourceAsOften_AsOne()
    {
        async Task<int> AskedAsync(int pages)
        {
            int before = _source.Asked;
            using var stop = new CancellationTokenSource();
            Task[] readers = [.. Enumerable.Range(0, pages).Select(async _ =>
            {
                await foreach (PageEvent news in _client.EventsAsync($"api/jobs/{_job.Plan.Id}/events"))
                {
                    if (stop.IsCancellationRequested)
                    {
                        break;
                    }
                }
            })];
            for (int round = 0; round < 100; round++)
            {
                _job.Set(ItemStatus.Running, round % 5);
                _job.Set(ItemStatus.Done, round % 5);
                await Task.Delay(20);
            }

            await stop.CancelAsync();
            _job.Set(ItemStatus.Ready, 7);
            _job.Set(ItemStatus.Done, 7);
            await Task.WhenAll(readers);
            return _source.Asked - before;
        }

        int one = await AskedAsync(1), twenty = await AskedAsync(20);

        Assert.InRange(twenty, 1, (one * 2) + 4);
    }

    [Fact]
    public async Task LargeJob_ComesInOneSmallEvent_AndChangesAreSmaller()
    {
        MadeUpJob large = _source.Add(MadeUpPlan.Large());
        Assert.InRange(large.Plan.Graph.Items.Length, 10_000, 100_000);
        bool isBegun = false;
        await foreach (PageEvent news in _client.EventsAsync($"api/jobs/{large.Plan.Id}/events"))
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
        using HttpResponseMessage answer = await _client.GetAsync($"api/jobs/{large.Plan.Id}", ("Accept-Encoding", "gzip"));
        Assert.InRange(answer.Content.Headers.ContentLength ?? 0, 0, 60_000); // measured 31 kB
    }

    [Fact]
    public async Task AnotherJob_AppearsInTheList()
    {
        int lists = 0;
        await foreach (PageEvent news in _client.EventsAsync("api/events"))
        {
            if (news.Name == "jobs" && ++lists == 1)
            {
                _source.Add(MadeUpPlan.Of(layers: 3), "another");
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
        await foreach (PageEvent news in _client.EventsAsync($"api/jobs/{_job.Plan.Id}/events"))
        {
            if (news.Name == "job")
            {
                _source.Trouble = expected;
            }
            else if (news.Name == "change" && news.Data.TryGetProperty("trouble", out JsonElement trouble))
            {
                if (wasTold)
                {
                    Assert.Equal("", trouble.GetString());
                    break;
                }

                Assert.Contains(expected, trouble.GetString(), StringComparison.Ordinal);
                (wasTold, _source.Trouble) = (true, null);
            }
        }
    }

    [Fact]
    public async Task FaultThatNobodyForesaw_IsSaid_AndTheFeedGoesOn()
    {
        _source.FailOnce(new InvalidOperationException("secret"));
        List<string> heard = [];
        await foreach (PageEvent news in _client.EventsAsync($"api/jobs/{_job.Plan.Id}/events"))
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
        _job.More = [new ItemChange(-1, ItemStatus.Done), new ItemChange(_job.Plan.Graph.Items.Length, ItemStatus.Done)];

        PageEvent news = await FirstAsync(_client.EventsAsync($"api/jobs/{_job.Plan.Id}/events"), "job", "change");

        Assert.Equal("", news.Data.GetProperty("trouble").GetString());
        Assert.Equal(_job.Plan.Graph.Items.Length, news.Data.GetProperty("items").GetString()!.Length);
    }

    [Fact]
    public async Task ListThatDoesNotCome_KeepsNoPageFromItsJob()
    {
        var list = new TaskCompletionSource();
        _source.ListWaitsFor = list.Task;
        List<string> heard = [];
        await foreach (PageEvent news in _client.EventsAsync($"api/jobs/{_job.Plan.Id}/events"))
        {
            heard.Add(news.Name);
            if (news.Name == "job")
            {
                _job.Set(ItemStatus.Done, 3);
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

    [Fact]
    public async Task ServerThatGoes_SaysTheLastWordFirst()
    {
        List<PageEvent> heard = [];
        Task<ValueTask>? end = null;
        await foreach (PageEvent news in _client.EventsAsync($"api/jobs/{_job.Plan.Id}/events"))
        {
            heard.Add(news);
            if (news.Name == "job")
            {
                _job.Change(overview => overview with { Status = JobStatus.Finished });
                end = Task.Run(() => _server.DisposeAsync());
            }
        }

        await await end!;
        _server = await StartAsync();
        Assert.Equal("finished", heard.Last(news => news.Name == "change").Data.GetProperty("status").GetString());
        Assert.Equal("finished", heard.Last(news => news.Name == "jobs").Data.GetProperty("jobs")[0].GetProperty("status").GetString());
        Assert.Equal("bye", heard[^1].Name);
    }

    [Fact]
    public async Task Pictures_AreThoseOfTheStore_AsSoonAsThereAre()
    {
        WorkItem transform = _job.Plan.Find(WorkKind.Transform, 2)!, quantize = _job.Plan.Find(WorkKind.Quantize, 2)!;
        string address = $"api/jobs/{_job.Plan.Id}/pictures/2";
        using (HttpResponseMessage early = await _client.GetAsync(address))
        {
            Assert.Equal(HttpStatusCode.NotFound, early.StatusCode);
        }

        await _source.PutAsync(transform, (ItemOutputs.Picture, """{"smoothings":[]}"""u8.ToArray()));
        Assert.False((await _client.JsonAsync(address)).GetProperty("isWhole").GetBoolean());
        await _source.PutAsync(quantize, (ItemOutputs.Report, """{"Modules":[]}"""u8.ToArray()), (ItemOutputs.Picture, """{"sites":[]}"""u8.ToArray()));
        JsonElement whole = await _client.JsonAsync(address);

        Assert.True(whole.GetProperty("isWhole").GetBoolean());
        Assert.Equal(JsonValueKind.Array, whole.GetProperty("Quantize").GetProperty("report").GetProperty("Modules").ValueKind);
    }

    [Theory]
    [InlineData("api/jobs/ffff")]
    [InlineData("api/jobs/..%2f..%2fetc/events")]
    [InlineData("api/jobs/ffff/events")]
    [InlineData("api/jobs/ffff/pictures/0")]
    [InlineData("nothing")]
    public async Task WhatIsNotThere_IsNotFound(string path)
    {
        using HttpResponseMessage answer = await _client.GetAsync(path);

        Assert.Equal(HttpStatusCode.NotFound, answer.StatusCode);
        using JsonDocument problem = JsonDocument.Parse(await answer.Content.ReadAsByteArrayAsync());
        Assert.NotEmpty(problem.RootElement.GetProperty("error").GetString()!);
    }

    private static async Task<PageEvent> FirstAsync(IAsyncEnumerable<PageEvent> events, params string[] names)
    {
        await foreach (PageEvent news in events)
        {
            if (names.Contains(news.Name))
            {
                return news;
            }
        }

        throw new InvalidOperationException("the stream ended");
    }

    private Task<DashboardServer> StartAsync() => DashboardServer.StartAsync(_source, new DashboardOptions(), TimeProvider.System, CancellationToken.None);
}
