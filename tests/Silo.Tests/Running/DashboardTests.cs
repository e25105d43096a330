using System.Globalization;
using System.Net;
using System.Text;
using System.Text.Json;
using MambaQuant.Pipeline.Planning;
using MambaQuant.Testing;
using Xunit;

namespace MambaQuant.Silo.Tests.Running;

/// <summary>The live page of a cluster, as a browser asks for it.</summary>
[Collection(nameof(RealProcesses))]
public sealed class DashboardTests
{
    private const string Token = "0123456789abcdef";

    [RedisFact]
    public async Task Silo_ServesThePageOfTheClustersJobs_ToThoseWhoKnowTheToken()
    {
        string port = FreePort.Find(1)[0].ToString(CultureInfo.InvariantCulture);
        await using RealCluster cluster = await RealCluster.StartAsync(1);
        SiloProcess silo = cluster.Add("--dashboard-port", port, "--dashboard-token", Token, "--slots", "0");
        await silo.WaitUntilReadyAsync();
        using var model = new RealJob();
        WorkPlan plan = await model.PutAsync(cluster.Store);
        using var client = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{port}/"), Timeout = TimeSpan.FromMinutes(3) };
        using (HttpResponseMessage refused = await client.GetAsync(new Uri("api/jobs", UriKind.Relative)))
        {
            Assert.Equal(HttpStatusCode.Unauthorized, refused.StatusCode);
        }

        client.DefaultRequestHeaders.Add("Authorization", $"Bearer {Token}");
        using (HttpResponseMessage missing = await client.GetAsync(new Uri($"api/jobs/{plan.Id}", UriKind.Relative)))
        {
            Assert.Equal(HttpStatusCode.NotFound, missing.StatusCode);
        }

        await cluster.SubmitAsync(plan);
        string[] done = await StatesAsync(client, plan);

        Assert.Equal(plan.Graph.Items.Length, done.Length);
        Assert.All(done, state => Assert.Contains(state, (string[])["0", "5"])); // not needed, or done
        using JsonDocument list = JsonDocument.Parse(await client.GetStringAsync(new Uri("api/jobs", UriKind.Relative)));
        JsonElement line = Assert.Single(list.RootElement.GetProperty("jobs").EnumerateArray());
        Assert.Equal([plan.Id, "model", "mambaquant", "W8A8"], ((string[])["job", "model", "recipe", "scheme"]).Select(name => line.GetProperty(name).GetString()));
        using JsonDocument picture = JsonDocument.Parse(await client.GetStringAsync(new Uri($"api/jobs/{plan.Id}/pictures/0", UriKind.Relative)));
        Assert.True(picture.RootElement.GetProperty("isWhole").GetBoolean());
        Assert.DoesNotContain(Token, silo.Printed, StringComparison.Ordinal);
    }

    /// <summary>Follows the job to its end by its events alone.</summary>
    private static async Task<string[]> StatesAsync(HttpClient client, WorkPlan plan)
    {
        string[] states = [];
        using var reader = new StreamReader(await client.GetStreamAsync(new Uri($"api/jobs/{plan.Id}/events", UriKind.Relative)), Encoding.UTF8);
        string name = string.Empty;
        while (await reader.ReadLineAsync() is { } line)
        {
            if (line.StartsWith("event: ", StringComparison.Ordinal))
            {
                name = line["event: ".Length..];
            }
            else if (line.StartsWith("data: ", StringComparison.Ordinal) && name is ("job" or "change"))
            {
                using JsonDocument news = JsonDocument.Parse(line["data: ".Length..]);
                Take(news.RootElement, ref states);
                if (news.RootElement.TryGetProperty("status", out JsonElement status) && status.GetString() is ("finished" or "failed"))
                {
                    Assert.Equal("finished", status.GetString());
                    return states;
                }
            }
        }

        throw new InvalidOperationException("the stream ended before the job");
    }

    private static void Take(JsonElement news, ref string[] states)
    {
        if (!news.TryGetProperty("items", out JsonElement items))
        {
            return;
        }

        if (items.ValueKind == JsonValueKind.String)
        {
            states = [.. items.GetString()!.Select(digit => digit.ToString())];
            return;
        }

        int[] changes = [.. items.EnumerateArray().Select(value => value.GetInt32())];
        for (int place = 0; place < changes.Length; place += 2)
        {
            states[changes[place]] = changes[place + 1].ToString(CultureInfo.InvariantCulture);
        }
    }
}
