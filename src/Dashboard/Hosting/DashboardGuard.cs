using System.Net;
using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Http;

namespace MambaQuant.Dashboard.Hosting;

/// <summary>Lets in who may see the page, and tells browsers what it may do. Stands before everything else.</summary>
/// <remarks>
/// Only reading. On loopback the name that the browser asked for must be one of loopback's, so that no page of another host reaches this one by renaming itself
/// (DNS rebinding). With a token, it is sent once in the address, and from then on a cookie that other sites cannot send; what is in the cookie is made from the
/// token and does not tell it, and is the same after a restart.
/// </remarks>
internal sealed class DashboardGuard
{
    private const string TokenParameter = "token", Bearer = "Bearer ";

    // No script, style, picture, frame or connection but our own; and text never becomes markup, since no trusted-types policy may be made.
    private const string ContentPolicy =
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; "
        + "frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'";

    private readonly DashboardOptions _options;
    private readonly byte[] _token;
    private readonly byte[] _cookie;
    private readonly string _cookieName;

    /// <summary>Makes one.</summary>
    /// <param name="options">Valid options.</param>
    public DashboardGuard(DashboardOptions options)
    {
        _options = options;
        _token = Encoding.UTF8.GetBytes(options.Token ?? string.Empty);
        _cookie = Encoding.UTF8.GetBytes(Derive("value"));

        // Cookies do not tell ports apart: two pages of one machine must not throw each other out.
        _cookieName = $"mambaquant-{Derive("name")[..8]}";
    }

    /// <summary>Answers what must not pass; lets the rest through.</summary>
    /// <param name="context">The request.</param>
    /// <param name="next">What stands behind.</param>
    public Task InvokeAsync(HttpContext context, RequestDelegate next)
    {
        WriteHeaders(context.Response.Headers);
        HttpRequest request = context.Request;
        if (!HttpMethods.IsGet(request.Method))
        {
            context.Response.Headers.Allow = "GET";
            return RefuseAsync(context, StatusCodes.Status405MethodNotAllowed, "this page only shows: GET is all it knows");
        }

        if (_options.IsLoopback && !IsLoopbackName(request.Host.Host))
        {
            return RefuseAsync(context, StatusCodes.Status403Forbidden, "this page is served for this machine, under the name localhost");
        }

        if (request.Headers["Sec-Fetch-Site"] == "cross-site" && request.Path.StartsWithSegments("/api"))
        {
            return RefuseAsync(context, StatusCodes.Status403Forbidden, "other sites get nothing here");
        }

        return _options.Token is null ? next(context) : AuthorizeAsync(context, next);
    }

    private Task AuthorizeAsync(HttpContext context, RequestDelegate next)
    {
        HttpRequest request = context.Request;
        if (request.Query[TokenParameter] is [{ } given, ..])
        {
            if (!Matches(given, _token))
            {
                return RefuseAsync(context, StatusCodes.Status401Unauthorized, "the token is not the one of this page");
            }

            context.Response.Cookies.Append(_cookieName, Encoding.UTF8.GetString(_cookie), new CookieOptions
            {
                HttpOnly = true,
                SameSite = SameSiteMode.Strict,
                Secure = IsSecure(request),
                Path = "/",
                IsEssential = true,
            });

            return request.Path.StartsWithSegments("/api") ? next(context) : WelcomeAsync(context.Response);
        }

        bool isKnown = (request.Cookies[_cookieName] is { } cookie && Matches(cookie, _cookie))
            || (request.Headers.Authorization is [{ } header, ..] && header.StartsWith(Bearer, StringComparison.Ordinal) && Matches(header[Bearer.Length..], _token));
        return isKnown
            ? next(context)
            : RefuseAsync(context, StatusCodes.Status401Unauthorized, "this page needs its token: open it once with ?token=... behind its address");
    }

    private static void WriteHeaders(IHeaderDictionary headers)
    {
        headers.ContentSecurityPolicy = ContentPolicy;
        headers.XContentTypeOptions = "nosniff";
        headers.XFrameOptions = "DENY";
        headers.CacheControl = "no-store";
        headers["Referrer-Policy"] = "no-referrer";
        headers["Cross-Origin-Opener-Policy"] = "same-origin";
        headers["Cross-Origin-Resource-Policy"] = "same-origin";
        headers["Permissions-Policy"] = "camera=(), geolocation=(), microphone=()";
    }

    /// <summary>The token leaves the address, so that it stands in no history and in no screenshot. By a page and not by a redirect: behind a link of another
    /// site a redirected request would not carry the cookie. To where it stands: a proxy may serve it below an address of its own.</summary>
    private static Task WelcomeAsync(HttpResponse response)
    {
        response.ContentType = "text/html; charset=utf-8";
        return response.WriteAsync("<!DOCTYPE html><html lang=\"en\"><title>MambaQuant</title><meta http-equiv=\"refresh\" content=\"0;url=./\"><a href=\"./\">To the page</a></html>");
    }

    private static Task RefuseAsync(HttpContext context, int status, string text)
    {
        context.Response.StatusCode = status;
        context.Response.ContentType = "text/plain; charset=utf-8";
        return context.Response.WriteAsync(text + "\n");
    }

    /// <summary>Whether the browser came by TLS: to here, or to a proxy that ends it and says so; the first of several is the browser's. Whoever makes that up
    /// gets a cookie that travels less.</summary>
    private static bool IsSecure(HttpRequest request) => request.IsHttps
        || (request.Headers["X-Forwarded-Proto"] is [{ } proto, ..] && proto.Split(',')[0].Trim().Equals("https", StringComparison.OrdinalIgnoreCase));

    private static bool IsLoopbackName(string host) =>
        host.Equals("localhost", StringComparison.OrdinalIgnoreCase) || (IPAddress.TryParse(host, out IPAddress? address) && IPAddress.IsLoopback(address));

    /// <summary>Compares without telling by the time it takes how much agrees; hashed, so that not even the length does.</summary>
    private static bool Matches(string given, byte[] expected) =>
        CryptographicOperations.FixedTimeEquals(SHA256.HashData(Encoding.UTF8.GetBytes(given)), SHA256.HashData(expected));

    private string Derive(string what) => Convert.ToHexStringLower(HMACSHA256.HashData(_token, Encoding.UTF8.GetBytes($"mambaquant dashboard cookie 1 {what}")));
}
