using System.Net;
using System.Text;
using System.Text.Json;
using MambaQuant.Dashboard.Hosting;

namespace MambaQuant.Dashboard.Tests.Hosting;

/// <summary>What a browser would do: requests, and a stream of events.</summary>
internal sealed class PageClient : IDisposable
{
    private readonly HttpClient _client;

    public PageClient(DashboardServer server, bool keepsCookies = true, bool redirects = false)
        : this(server.Port, keepsCookies, redirects)
    {
    }

    public PageClient(int port, bool keepsCookies = true, bool redirects = false)
    {
        _client = new HttpClient(new SocketsHttpHandler { UseCookies = keepsCookies, AllowAutoRedirect = redirects, AutomaticDecompression = DecompressionMethods.GZip })
        {
            BaseAddress = new Uri($"http://127.0.0.1:{port}/"),
            Timeout = TimeSpan.FromMinutes(3),
        };
    }

    public Task<HttpResponseMessage> GetAsync(string path, params (string Name, string Value)[] headers) => SendAsync(HttpMethod.Get, path, headers);

    public Task<HttpResponseMessage> SendAsync(HttpMethod method, string path, params (string Name, string Value)[] headers)
    {
        var request = new HttpRequestMessage(method, path);
        foreach ((string name, string value) in headers)
        {
            request.Headers.TryAddWithoutValidation(name, value);
        }

        return _client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
    }

    public async Task<JsonElement> JsonAsync(string path)
    {
        using HttpResponseMessage answer = await GetAsync(path);
        answer.EnsureSuccessStatusCode();
        return JsonDocument.Parse(await answer.Content.ReadAsByteArrayAsync()).RootElement;
    }

    /// <summary>Events as they come; ends with the connection.</summary>
    public async IAsyncEnumerable<PageEvent> EventsAsync(string path, params (string Name, string Value)[] headers)
    {
        using HttpResponseMessage answer = await GetAsync(path, headers);
        answer.EnsureSuccessStatusCode();
        using var reader = new StreamReader(await answer.Content.ReadAsStreamAsync(), Encoding.UTF8);
        string name = string.Empty, id = string.Empty, data = string.Empty;
        while (await reader.ReadLineAsync() is { } line)
        {
            if (line.Length == 0)
            {
                yield return new PageEvent(name, id, data.Length, JsonDocument.Parse(data).RootElement);
                (name, id, data) = (string.Empty, string.Empty, string.Empty);
            }
            else if (line.StartsWith("event: ", StringComparison.Ordinal))
            {
                name = line["event: ".Length..];
            }
            else if (line.StartsWith("id: ", StringComparison.Ordinal))
            {
                id = line["id: ".Length..];
            }
            else if (line.StartsWith("data: ", StringComparison.Ordinal))
            {
                data = line["data: ".Length..];
            }
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _client.Dispose();
}
