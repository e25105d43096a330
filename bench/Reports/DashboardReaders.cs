using System.Text.Json;
using MambaQuant.Testing;

namespace MambaQuant.Reports;

/// <summary>Pages without a browser: they ask for what a page asks for, listen, fetch pictures, and draw nothing.</summary>
internal static class DashboardReaders
{
    private const string Started = "reader started", Open = "page open";

    /// <summary>Waits until another process of this kind has begun.</summary>
    /// <param name="readers">The process.</param>
    public static Task StartedAsync(ChildProcess readers) => PrintedAsync(readers, Started, 1);

    /// <summary>Waits until all pages of another process of this kind are open.</summary>
    /// <param name="readers">The process.</param>
    /// <param name="pages">How many pages it is.</param>
    public static Task OpenAsync(ChildProcess readers, int pages) => PrintedAsync(readers, Open, pages);

    /// <summary>Reads until the server ends.</summary>
    /// <param name="address">Address of the server.</param>
    /// <param name="pages">How many pages.</param>
    public static async Task RunAsync(Uri address, int pages)
    {
        using var client = new HttpClient(new SocketsHttpHandler { MaxConnectionsPerServer = 4 * pages }) { BaseAddress = address, Timeout = Timeout.InfiniteTimeSpan };
        Console.WriteLine(Started);
        string job = await JobAsync(client);
        await Task.WhenAll(Enumerable.Range(0, pages).Select(_ => PageAsync(client, job)));
    }

    private static async Task PrintedAsync(ChildProcess readers, string line, int times)
    {
        while (readers.Printed.Split(line).Length <= times)
        {
            await (readers.HasEnded ? throw new InvalidOperationException($"the readers ended; they printed:\n{readers.Printed}") : Task.Delay(50));
        }
    }

    private static async Task<string> JobAsync(HttpClient client)
    {
        while (true)
        {
            using JsonDocument list = JsonDocument.Parse(await client.GetByteArrayAsync(new Uri("api/jobs", UriKind.Relative)));
            JsonElement jobs = list.RootElement.GetProperty("jobs");
            if (jobs.GetArrayLength() > 0)
            {
                return jobs[0].GetProperty("job").GetString()!;
            }

            await Task.Delay(50);
        }
    }

    private static async Task PageAsync(HttpClient client, string job)
    {
        foreach (string file in (string[])["", "style.css", "app.js", $"api/jobs/{job}"])
        {
            await client.GetByteArrayAsync(new Uri(file, UriKind.Relative));
        }

        Task pictures = PicturesAsync(client, job);
        try
        {
            using var reader = new StreamReader(await client.GetStreamAsync(new Uri($"api/jobs/{job}/events", UriKind.Relative)));
            Console.WriteLine(Open);
            while (await reader.ReadLineAsync() is not null)
            {
            }
        }
        catch (IOException)
        {
            // The server has ended.
        }

        await pictures;
    }

    private static async Task PicturesAsync(HttpClient client, string job)
    {
        try
        {
            for (int layer = 0; ;)
            {
                using HttpResponseMessage answer = await client.GetAsync(new Uri($"api/jobs/{job}/pictures/{layer}", UriKind.Relative));
                await answer.Content.ReadAsByteArrayAsync();
                layer += answer.IsSuccessStatusCode ? 1 : 0;
                await Task.Delay(answer.IsSuccessStatusCode ? 50 : 3000);
            }
        }
        catch (HttpRequestException)
        {
            // The server has ended.
        }
    }
}
