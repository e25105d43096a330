using System.Net;
using MambaQuant.Dashboard.Hosting;
using Xunit;

namespace MambaQuant.Dashboard.Tests.Hosting;

public sealed class DashboardGuardTests
{
    private const string Token = "0123456789abcdef0123456789abcdef";

    [Fact]
    public async Task Loopback_AnswersToItsOwnNamesOnly()
    {
        await using DashboardServer server = await StartAsync();
        using var client = new PageClient(server);

        foreach ((string host, HttpStatusCode expected) in new[]
        {
            ($"localhost:{server.Port}", HttpStatusCode.OK),
            ($"127.0.0.1:{server.Port}", HttpStatusCode.OK),
            ($"[::1]:{server.Port}", HttpStatusCode.OK),
            ("localhost:9", HttpStatusCode.OK), // as behind a forwarded port
            ($"attacker.example:{server.Port}", HttpStatusCode.Forbidden),
            ($"localhost.attacker.example:{server.Port}", HttpStatusCode.Forbidden),
            ("192.0.2.7", HttpStatusCode.Forbidden),
        })
        {
            using HttpResponseMessage answer = await client.GetAsync("api/jobs", ("Host", host));
            Assert.True(expected == answer.StatusCode, $"{host}: {answer.StatusCode}");
        }
    }

    [Fact]
    public async Task OtherMethods_AreRefused()
    {
        await using DashboardServer server = await StartAsync();
        using var client = new PageClient(server);

        foreach (HttpMethod method in new[] { HttpMethod.Post, HttpMethod.Put, HttpMethod.Delete, HttpMethod.Options, HttpMethod.Head, HttpMethod.Patch })
        {
            using HttpResponseMessage answer = await client.SendAsync(method, "api/jobs");
            Assert.Equal(HttpStatusCode.MethodNotAllowed, answer.StatusCode);
        }
    }

    [Fact]
    public async Task EveryAnswer_TellsBrowsersWhatThePageMayDo()
    {
        await using DashboardServer server = await StartAsync();
        using var client = new PageClient(server);

        foreach (string path in new[] { "", "app.js", "api/jobs", "nothing" })
        {
            using HttpResponseMessage answer = await client.GetAsync(path, ("Origin", "https://attacker.example"));
            string policy = Assert.Single(answer.Headers.GetValues("Content-Security-Policy"));
            Assert.Contains("default-src 'none'", policy, StringComparison.Ordinal);
            Assert.DoesNotContain("unsafe", policy, StringComparison.Ordinal);
            Assert.DoesNotContain("*", policy, StringComparison.Ordinal);
            Assert.Equal("nosniff", Assert.Single(answer.Headers.GetValues("X-Content-Type-Options")));
            Assert.Equal("no-referrer", Assert.Single(answer.Headers.GetValues("Referrer-Policy")));
            Assert.False(answer.Headers.Contains("Access-Control-Allow-Origin"));
            Assert.False(answer.Headers.Contains("Server"));
        }
    }

    [Fact]
    public async Task OtherSites_GetNothing()
    {
        await using DashboardServer server = await StartAsync();
        using var client = new PageClient(server);

        using HttpResponseMessage answer = await client.GetAsync("api/events", ("Sec-Fetch-Site", "cross-site"));

        Assert.Equal(HttpStatusCode.Forbidden, answer.StatusCode);
    }

    [Fact]
    public async Task Token_IsTakenOnce_AndThenACookieThatDoesNotTellIt()
    {
        await using DashboardServer server = await StartAsync(Token);
        using var client = new PageClient(server);
        foreach (string path in new[] { "", "app.js", "api/jobs", "api/events", "?token=", "?token=0123456789abcdef0123456789abcdee", $"api/jobs?TOKEN={Token}x" })
        {
            using HttpResponseMessage refused = await client.GetAsync(path);
            Assert.Equal(HttpStatusCode.Unauthorized, refused.StatusCode);
        }

        using HttpResponseMessage welcome = await client.GetAsync($"?token={Token}");
        string cookie = Assert.Single(welcome.Headers.GetValues("Set-Cookie"));
        Assert.Contains("httponly", cookie, StringComparison.OrdinalIgnoreCase);
        Assert.Contains("samesite=strict", cookie, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain(Token, cookie, StringComparison.Ordinal);
        Assert.DoesNotContain(Token, await welcome.Content.ReadAsStringAsync(), StringComparison.Ordinal);

        using HttpResponseMessage known = await client.GetAsync("api/jobs");
        Assert.Equal(HttpStatusCode.OK, known.StatusCode);
    }

    [Theory]
    [InlineData(null, false)]
    [InlineData("http", false)]
    [InlineData("https", true)]
    [InlineData("HTTPS, http", true)]
    [InlineData("http, https", false)]
    public async Task BehindAProxyWithTls_TheCookieTravelsByTlsAlone(string? proto, bool isSecure)
    {
        await using DashboardServer server = await StartAsync(Token);
        using var client = new PageClient(server, keepsCookies: false);

        using HttpResponseMessage welcome = await client.GetAsync($"?token={Token}", proto is null ? [] : [("X-Forwarded-Proto", proto)]);

        Assert.Equal(isSecure, Assert.Single(welcome.Headers.GetValues("Set-Cookie")).Contains("secure", StringComparison.OrdinalIgnoreCase));
        string page = await welcome.Content.ReadAsStringAsync();
        Assert.Contains("url=./\"", page, StringComparison.Ordinal);
        Assert.DoesNotContain("\"/", page, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Cookie_IsGoodForAServerBegunAnew_AndForNoOtherToken()
    {
        string cookie;
        await using (DashboardServer server = await StartAsync(Token))
        {
            using var client = new PageClient(server, keepsCookies: false);
            using HttpResponseMessage welcome = await client.GetAsync($"?token={Token}");
            cookie = Assert.Single(welcome.Headers.GetValues("Set-Cookie")).Split(';')[0];
        }

        foreach ((string token, HttpStatusCode expected) in new[] { (Token, HttpStatusCode.OK), (new string('x', 32), HttpStatusCode.Unauthorized) })
        {
            await using DashboardServer server = await StartAsync(token);
            using var client = new PageClient(server, keepsCookies: false);
            using HttpResponseMessage answer = await client.GetAsync("api/jobs", ("Cookie", cookie));
            Assert.Equal(expected, answer.StatusCode);
        }
    }

    [Fact]
    public async Task Programs_SendTheTokenAsBearer()
    {
        await using DashboardServer server = await StartAsync(Token);
        using var client = new PageClient(server, keepsCookies: false);

        using HttpResponseMessage good = await client.GetAsync("api/jobs", ("Authorization", $"Bearer {Token}"));
        using HttpResponseMessage bad = await client.GetAsync("api/jobs", ("Authorization", $"Bearer {Token}1"));

        Assert.Equal((HttpStatusCode.OK, HttpStatusCode.Unauthorized), (good.StatusCode, bad.StatusCode));
    }

    [Theory]
    [InlineData("0.0.0.0", null, "needs a token")]
    [InlineData("::", null, "needs a token")]
    [InlineData("192.0.2.7", "short", "16 characters")]
    [InlineData("127.0.0.1", "short", "16 characters")]
    [InlineData("0.0.0.0", "a token with spaces in it", "letters, digits")]
    [InlineData("127.0.0.1", null, null)]
    [InlineData("::1", null, null)]
    [InlineData("0.0.0.0", Token, null)]
    public void OffLoopback_ATokenIsRequired(string address, string? token, string? problem)
    {
        string? found = new DashboardOptions { Address = IPAddress.Parse(address), Token = token }.Problem();

        Assert.Equal(problem is null, found is null);
        Assert.Contains(problem ?? "", found ?? "", StringComparison.Ordinal);
        Assert.DoesNotContain("a token with spaces in it", found ?? "", StringComparison.Ordinal);
    }

    private static Task<DashboardServer> StartAsync(string? token = null) =>
        DashboardServer.StartAsync(new MadeUpSource(), new DashboardOptions { Token = token }, TimeProvider.System, CancellationToken.None);
}
