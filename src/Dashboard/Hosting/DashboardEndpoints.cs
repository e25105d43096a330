using System.Collections.Concurrent;
using System.Globalization;
using System.IO.Compression;
using System.Text.Json;
using MambaQuant.Dashboard.Pages;
using MambaQuant.Dashboard.Watching;
using MambaQuant.Pipeline.Artifacts;
using MambaQuant.Pipeline.Planning;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace MambaQuant.Dashboard.Hosting;

/// <summary>The addresses of the page: its files, the jobs, what happens, and pictures. The same for every host.</summary>
internal sealed class DashboardEndpoints
{
    // Many more pages than people: beyond it somebody has gone wrong, and the job must not pay for it.
    private const int MostStreams = 200;

    // Plans never change, and a page asks for one once.
    private const int MostPlans = 16;

    private static readonly TimeSpan ForTheList = TimeSpan.FromSeconds(10);

    private readonly JobFeeds _feeds;
    private readonly JobList _jobs;
    private readonly StoredPictures _pictures;
    private readonly CancellationToken _stopping;
    private readonly ConcurrentDictionary<string, byte[]> _plans = new(StringComparer.Ordinal);
    private readonly SharedWork<byte[]?> _packing = new();
    private int _streams;

    private DashboardEndpoints(JobFeeds feeds, JobList jobs, StoredPictures pictures, CancellationToken stopping)
    {
        _feeds = feeds;
        _jobs = jobs;
        _pictures = pictures;
        _stopping = stopping;
    }

    /// <summary>Maps them all.</summary>
    /// <param name="application">The server.</param>
    /// <param name="options">For whom the page is.</param>
    /// <param name="feeds">What pages hear of jobs.</param>
    /// <param name="jobs">The list of jobs.</param>
    /// <param name="pictures">What can be drawn.</param>
    /// <param name="stopping">Cancelled when pages are to be told that the server goes.</param>
    public static void Map(WebApplication application, DashboardOptions options, JobFeeds feeds, JobList jobs, StoredPictures pictures, CancellationToken stopping)
    {
        var guard = new DashboardGuard(options);
        application.Use((HttpContext context, RequestDelegate next) => guard.InvokeAsync(context, next));
        var endpoints = new DashboardEndpoints(feeds, jobs, pictures, stopping);
        foreach ((string name, PageFile file) in PageFiles.All)
        {
            Map(application, name == PageFiles.Index ? "/" : $"/{name}", context => SendAsync(context, file));
        }

        Map(application, "/api/jobs", endpoints.ListAsync);
        Map(application, "/api/events", endpoints.EventsAsync);
        Map(application, "/api/jobs/{job}", endpoints.PlanAsync);
        Map(application, "/api/jobs/{job}/events", endpoints.JobEventsAsync);
        Map(application, "/api/jobs/{job}/pictures/rotation", endpoints.RotationAsync);
        Map(application, "/api/jobs/{job}/pictures/{layer:int}", endpoints.LayerAsync);
        application.MapFallback("{**path}", context => FailAsync(context, StatusCodes.Status404NotFound, "there is nothing at this address"));
    }

    /// <summary>With answers for what a source or a store cannot do at the moment.</summary>
    private static void Map(IEndpointRouteBuilder routes, string path, RequestDelegate answer) => routes.MapGet(path, async context =>
    {
        try
        {
            await answer(context);
        }
        catch (OperationCanceledException) when (context.RequestAborted.IsCancellationRequested)
        {
            // Nobody waits for it any more.
        }
        catch (Exception fault) when (fault is JobSourceException or ArtifactStoreException or JsonException && !context.Response.HasStarted)
        {
            await FailAsync(context, StatusCodes.Status503ServiceUnavailable, fault.Message);
        }
    });

    private async Task ListAsync(HttpContext context) =>
        await SendJsonAsync(context, await _jobs.GetAsync(ForTheList, context.RequestAborted) ?? throw new JobSourceException("the list of jobs takes long; ask again"));

    private Task EventsAsync(HttpContext context) => StreamAsync(context, stream => stream.RunAsync());

    private async Task JobEventsAsync(HttpContext context)
    {
        if (await _feeds.JoinAsync(JobOf(context), context.RequestAborted) is not { } feed)
        {
            await FailAsync(context, StatusCodes.Status404NotFound, "there is no such job here");
            return;
        }

        try
        {
            await StreamAsync(context, stream => stream.RunAsync(feed));
        }
        finally
        {
            feed.Leave();
        }
    }

    private async Task StreamAsync(HttpContext context, Func<EventStream, Task> run)
    {
        try
        {
            if (Interlocked.Increment(ref _streams) > MostStreams)
            {
                await FailAsync(context, StatusCodes.Status503ServiceUnavailable, $"more than {MostStreams} pages are open");
                return;
            }

            await run(new EventStream(context, _jobs, _stopping));
        }
        finally
        {
            Interlocked.Decrement(ref _streams);
        }
    }

    private async Task PlanAsync(HttpContext context)
    {
        string job = JobOf(context);
        if (!_plans.TryGetValue(job, out byte[]? packed))
        {
            packed = await _packing.GetAsync(job, () => PackAsync(job), context.RequestAborted);
        }

        await (packed is null ? FailAsync(context, StatusCodes.Status404NotFound, "there is no such job here") : SendPackedAsync(context, packed));
    }

    private async Task<byte[]?> PackAsync(string job)
    {
        if (_plans.TryGetValue(job, out byte[]? packed) || await _feeds.PlanAsync(job, CancellationToken.None) is not { } plan)
        {
            return packed;
        }

        packed = PackedJson.Pack(PlanJson.Write(plan));
        if (_plans.Count >= MostPlans)
        {
            _plans.Clear();
        }

        return _plans[job] = packed;
    }

    private Task RotationAsync(HttpContext context) => PictureAsync(context, plan => _pictures.OfRotationAsync(plan, context.RequestAborted));

    private Task LayerAsync(HttpContext context)
    {
        int layer = int.Parse((string)context.Request.RouteValues["layer"]!, CultureInfo.InvariantCulture);
        return PictureAsync(context, plan => _pictures.OfLayerAsync(plan, layer, context.RequestAborted));
    }

    private async Task PictureAsync(HttpContext context, Func<WorkPlan, Task<byte[]?>> find)
    {
        if (await _feeds.PlanAsync(JobOf(context), context.RequestAborted) is not { } plan)
        {
            await FailAsync(context, StatusCodes.Status404NotFound, "there is no such job here");
        }
        else if (await find(plan) is { } packed)
        {
            await SendPackedAsync(context, packed);
        }
        else
        {
            await FailAsync(context, StatusCodes.Status404NotFound, "there is no such picture yet");
        }
    }

    /// <summary>A job's identity comes from an address: only what can be one reaches a source or a store.</summary>
    private static string JobOf(HttpContext context) =>
        context.Request.RouteValues["job"] is string { Length: <= 64 } job && job.All(char.IsAsciiHexDigitLower) ? job : string.Empty;

    private static bool TakesGzip(HttpContext context) =>
        context.Request.Headers.AcceptEncoding.Any(value => value?.Contains("gzip", StringComparison.OrdinalIgnoreCase) == true);

    private static async Task SendPackedAsync(HttpContext context, byte[] packed)
    {
        context.Response.ContentType = "application/json; charset=utf-8";
        context.Response.Headers.Vary = "Accept-Encoding";
        if (TakesGzip(context))
        {
            context.Response.Headers.ContentEncoding = "gzip";
            context.Response.ContentLength = packed.Length;
            await context.Response.Body.WriteAsync(packed, context.RequestAborted);
            return;
        }

        using var gzip = new GZipStream(new MemoryStream(packed), CompressionMode.Decompress);
        await gzip.CopyToAsync(context.Response.Body, context.RequestAborted);
    }

    private static async Task SendAsync(HttpContext context, PageFile file)
    {
        HttpResponse response = context.Response;
        response.Headers.CacheControl = "no-cache";
        response.Headers.ETag = file.Tag;
        response.Headers.Vary = "Accept-Encoding";
        if (context.Request.Headers.IfNoneMatch == file.Tag)
        {
            response.StatusCode = StatusCodes.Status304NotModified;
            return;
        }

        bool isPacked = TakesGzip(context);
        ReadOnlyMemory<byte> content = isPacked ? file.Packed : file.Plain;
        if (isPacked)
        {
            response.Headers.ContentEncoding = "gzip";
        }

        response.ContentType = file.ContentType;
        response.ContentLength = content.Length;
        await response.Body.WriteAsync(content, context.RequestAborted);
    }

    private static async Task SendJsonAsync(HttpContext context, ReadOnlyMemory<byte> json)
    {
        context.Response.ContentType = "application/json; charset=utf-8";
        await context.Response.Body.WriteAsync(json, context.RequestAborted);
    }

    private static async Task FailAsync(HttpContext context, int status, string problem)
    {
        context.Response.StatusCode = status;
        context.Response.ContentType = "application/json; charset=utf-8";
        await using var json = new Utf8JsonWriter(context.Response.Body); // a dispose that does not wait would write, which the server forbids
        json.WriteStartObject();
        json.WriteString("error", problem);
        json.WriteEndObject();
        await json.FlushAsync(context.RequestAborted);
    }
}
