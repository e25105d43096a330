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

    /// <summary>Is such a process: reads until the server ends.</summary>
    /// <param name="address">Address of the server.</param>
    /// <param name="pages">How many pages.</param>
    /// <param name="stop">Ends the reading.</param>
    public static Task PrintAsync(Uri address, int pages, CancellationToken stop)
    {
        Console.WriteLine(Started);
        return ReadAsync(address, pages, () => Console.WriteLine(Open), static _ => { }, stop);
    }

    /// <summary>Reads the first job that has not ended, from when there is one until the server ends.</summary>
    /// <param name="address">Address of the server, with the token that it asks for, if any.</param>
    /// <param name="pages">How many pages.</param>
    /// <param name="opened">Is called for every page that is open.</param>
    /// <param name="heard">Is given every line of every stream.</param>
    /// <param name="stop">Ends the reading.</param>
    public static async Task ReadAsync(Uri address, int pages, Action opened, Action<string> heard, CancellationToken stop)
    {
        using var client = new HttpClient(new SocketsHttpHandler { MaxConnectionsPerServer = 4 * pages }) { BaseAddress = address, Timeout = Timeout.InfiniteTimeSpan };
        await client.GetByteArrayAsync(address, stop); // a token becomes a cookie
        string job = await JobAsync(client, stop);
        await Task.WhenAll(Enumerable.Range(0, pages).Select(_ => PageAsync(client, job, opened, heard, stop)));
    }

    private static async Task PrintedAsync(ChildProcess readers, string line, int times)
    {
        while (readers.Printed.Split(line).Length <= times)
        {
            await (readers.HasEnded ? throw new InvalidOperationException($"the readers ended; they printed:\n{readers.Printed}") : Task.Delay(50));
        }
    }

    private static async Task<string> JobAsync(HttpClient client, CancellationToken stop)
    {
        while (true)
        {
            using JsonDocument list = JsonDocument.Parse(await client.GetByteArrayAsync(new Uri("api/jobs", UriKind.Relative), stop));
            foreach (JsonElement job in list.RootElement.GetProperty("jobs").EnumerateArray())
            {
                if (job.GetProperty("status").GetString() is "absent" or "running")
                {
                    return job.GetProperty("job").GetString()!;
                }
            }

            await Task.Delay(50, stop);
        }
    }

    private static async Task PageAsync(HttpClient client, string job, Action opened, Action<string> heard, CancellationToken stop)
    {
        foreach (string file in (string[])["", "style.css", "app.js", $"api/jobs/{job}"])
        {
            await client.GetByteArrayAsync(new Uri(file, UriKind.Relative), stop);
        }

        Task pictures = PicturesAsync(client, job, stop);
        try
        {
            using var reader = new StreamReader(await client.GetStreamAsync(new Uri($"api/jobs/{job}/events", UriKind.Relative), stop));
            opened();
            while (await reader.ReadLineAsync(stop) is { } line)
            {
                heard(line);
            }
        }
        catch (IOException)
        {
            // The server has ended.
        }

        await pictures;
    }

    private static async Task PicturesAsync(HttpClient client, string job, CancellationToken stop)
    {
        try
        {
            for (int layer = 0; ;)
            {
                using HttpResponseMessage answer = await client.GetAsync(new Uri($"api/jobs/{job}/pictures/{layer}", UriKind.Relative), stop);
                await answer.Content.ReadAsByteArrayAsync(stop);
                layer += answer.IsSuccessStatusCode ? 1 : 0;
                await Task.Delay(answer.IsSuccessStatusCode ? 50 : 3000, stop);
            }
        }
        catch (HttpRequestException)
        {
            // The server has ended.
        }
    }
}
