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

public sealed class DashboardServerTests : ServedPage
{
    [Fact]
    public async Task Page_IsServedWholeFromHere()
    {
        foreach ((string name, PageFile file) in PageFiles.All)
        {
            using HttpResponseMessage answer = await Client.GetAsync(name == PageFiles.Index ? "" : name);

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
        using HttpResponseMessage first = await Client.GetAsync("app.js");
        using HttpResponseMessage second = await Client.GetAsync("app.js", ("If-None-Match", first.Headers.ETag!.ToString()));

        Assert.Equal(HttpStatusCode.NotModified, second.StatusCode);
    }

    [Fact]
    public async Task Plan_HasEveryItemAndTheGraphOfStages()
    {
        JsonElement plan = await Client.JsonAsync($"api/jobs/{Job.Plan.Id}");

        Assert.Equal(4 * Job.Plan.Graph.Items.Length, plan.GetProperty("items").GetArrayLength());
        JsonElement quantize = plan.GetProperty("stages").EnumerateArray().Single(stage => stage.GetProperty("stage").GetString() == Stages.Quantize);
        Assert.Contains(Stages.ObserveTransformed, quantize.GetProperty("needs").EnumerateArray().Select(need => need.GetString()));
        Assert.DoesNotContain(Stages.ObserveOriginal, quantize.GetProperty("needs").EnumerateArray().Select(need => need.GetString()));
    }

    [Fact]
    public async Task TwentyPages_ReadAPlanOnce()
    {
        var plan = new TaskCompletionSource();
        Source.PlanWaitsFor = plan.Task;
        Task<JsonElement>[] pages = [.. Enumerable.Range(0, 20).Select(_ => Client.JsonAsync($"api/jobs/{Job.Plan.Id}"))];
        await Task.Delay(500);
        plan.SetResult();

        foreach (JsonElement page in await Task.WhenAll(pages))
        {
            Assert.Equal(Job.Plan.Id, page.GetProperty("job").GetString());
        }

        Assert.Equal(1, Source.PlansAsked);
    }

    [Fact]
    public async Task ServerThatGoes_SaysTheLastWordFirst()
    {
        List<PageEvent> heard = [];
        DashboardServer server = await StartAsync(new DashboardOptions { ToTellTheEnd = TimeSpan.FromMinutes(3) });
        using var client = new PageClient(server);
        Task<ValueTask>? end = null;
        await foreach (PageEvent news in client.EventsAsync($"api/jobs/{Job.Plan.Id}/events"))
        {
            heard.Add(news);
            if (news.Name == "job")
            {
                Job.Change(overview => overview with { Status = JobStatus.Finished });
                end = Task.Run(server.DisposeAsync);
            }
        }

        await await end!;
        Assert.Equal("finished", heard.Last(news => news.Name == "change").Data.GetProperty("status").GetString());
        Assert.Equal("finished", heard.Last(news => news.Name == "jobs").Data.GetProperty("jobs")[0].GetProperty("status").GetString());
        Assert.Equal("bye", heard[^1].Name);
    }

    [Fact]
    public async Task Pictures_AreThoseOfTheStore_AsSoonAsThereAre()
    {
        WorkItem transform = Job.Plan.Find(WorkKind.Transform, 2)!, quantize = Job.Plan.Find(WorkKind.Quantize, 2)!;
        string address = $"api/jobs/{Job.Plan.Id}/pictures/2";
        using (HttpResponseMessage early = await Client.GetAsync(address))
        {
            Assert.Equal(HttpStatusCode.NotFound, early.StatusCode);
        }

        await Source.PutAsync(transform, (ItemOutputs.Picture, """{"smoothings":[]}"""u8.ToArray()));
        Assert.False((await Client.JsonAsync(address)).GetProperty("isWhole").GetBoolean());
        await Source.PutAsync(quantize, (ItemOutputs.Report, """{"Modules":[]}"""u8.ToArray()), (ItemOutputs.Picture, """{"sites":[]}"""u8.ToArray()));
        JsonElement whole = await Client.JsonAsync(address);

        Assert.True(whole.GetProperty("isWhole").GetBoolean());
        Assert.Equal(JsonValueKind.Array, whole.GetProperty("Quantize").GetProperty("report").GetProperty("Modules").ValueKind);
    }

    [Fact]
    public async Task PicturesOfWhatIsDone_AreThere_WhenTheStoreHasGoneOnceTheServerHasSettled()
    {
        WorkItem[] items = [Job.Plan.Find(WorkKind.Transform, 2)!, Job.Plan.Find(WorkKind.Quantize, 2)!];
        await using DashboardServer server = await StartAsync(new DashboardOptions { ToTellTheEnd = TimeSpan.FromMinutes(3) });
        using var client = new PageClient(server);
        await foreach (PageEvent news in client.EventsAsync($"api/jobs/{Job.Plan.Id}/events"))
        {
            if (news.Name == "job")
            {
                foreach (WorkItem item in items)
                {
                    await Source.PutAsync(item, (ItemOutputs.Picture, "{}"u8.ToArray()));
                }

                Job.Set(ItemStatus.Done, items.Select(item => Job.Plan.Graph.Items.IndexOf(item)));
                Job.Change(overview => overview with { Status = JobStatus.Finished });
                await server.SettleAsync();
                foreach (WorkItem item in items)
                {
                    await Source.Store.DeleteAsync(WorkPlan.NameOf(item.Key, ItemOutputs.Receipt), CancellationToken.None);
                }

                break;
            }
        }

        Assert.True((await client.JsonAsync($"api/jobs/{Job.Plan.Id}/pictures/2")).GetProperty("isWhole").GetBoolean());
    }

    [Theory]
    [InlineData("api/jobs/ffff")]
    [InlineData("api/jobs/..%2f..%2fetc/events")]
    [InlineData("api/jobs/ffff/events")]
    [InlineData("api/jobs/ffff/pictures/0")]
    [InlineData("nothing")]
    public async Task WhatIsNotThere_IsNotFound(string path)
    {
        using HttpResponseMessage answer = await Client.GetAsync(path);

        Assert.Equal(HttpStatusCode.NotFound, answer.StatusCode);
        using JsonDocument problem = JsonDocument.Parse(await answer.Content.ReadAsByteArrayAsync());
        Assert.NotEmpty(problem.RootElement.GetProperty("error").GetString()!);
    }
}
