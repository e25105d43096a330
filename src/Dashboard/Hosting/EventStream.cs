using System.Text;
using MambaQuant.Dashboard.Watching;
using MambaQuant.Pipeline.Artifacts;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace MambaQuant.Dashboard.Hosting;

/// <summary>Sends one page what happens, as server-sent events, until the page or the server goes.</summary>
/// <remarks>
/// Events: "jobs" (the list, when it changes), "job" (everything of one job), "change" (what is new of it), "beat" (nothing happened for some seconds; by its absence a
/// page knows that a connection is dead which nobody has closed), "bye" (the server ends). A page that reads slowly holds up nobody: it gets fewer and larger changes.
/// </remarks>
/// <param name="context">The request of the page.</param>
/// <param name="jobs">The list.</param>
/// <param name="stopping">Cancelled when the server goes.</param>
internal sealed class EventStream(HttpContext context, JobList jobs, CancellationToken stopping)
{
    /// <summary>Seconds after which something is sent in any case.</summary>
    public static readonly TimeSpan Beat = TimeSpan.FromSeconds(5);

    // The list must not keep a page from its job. A last word is worth more.
    private static readonly TimeSpan ForTheList = TimeSpan.FromMilliseconds(100), ForTheLastList = TimeSpan.FromSeconds(2);

    private readonly CancellationToken _gone = context.RequestAborted;
    private byte[]? _list;
    private long _sentAt;

    /// <summary>Sends the list only.</summary>
    public Task RunAsync() => RunAsync(null);

    /// <summary>Sends the list, and a job.</summary>
    /// <param name="feed">The job; null for none.</param>
    public async Task RunAsync(JobFeed? feed)
    {
        HttpResponse response = context.Response;
        response.ContentType = "text/event-stream; charset=utf-8";
        response.Headers["X-Accel-Buffering"] = "no"; // a proxy that collects would make the page late
        context.Features.Get<IHttpResponseBodyFeature>()?.DisableBuffering();
        FeedPosition position = FeedPosition.Parse(Header("Last-Event-ID") ?? (string?)context.Request.Query["after"]);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(_gone, stopping);
        try
        {
            await response.StartAsync(either.Token);
            while (true)
            {
                await ListAsync(ForTheList, either.Token);
                position = await WaitAsync(feed, position, either.Token);
            }
        }
        catch (OperationCanceledException) when (_gone.IsCancellationRequested)
        {
            // The page has gone.
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
            await ListAsync(ForTheLastList, CancellationToken.None);
            await SendAsync("bye", null, "{}"u8.ToArray(), CancellationToken.None);
        }
        catch (IOException)
        {
            // The page has gone in the middle of a line.
        }
    }

    private string? Header(string name) => context.Request.Headers[name] is [{ Length: > 0 } value, ..] ? value : null;

    private async Task<FeedPosition> WaitAsync(JobFeed? feed, FeedPosition position, CancellationToken cancellation)
    {
        if (feed is null)
        {
            await Task.Delay(JobList.Age, cancellation);
        }
        else if (await feed.NextAsync(position, JobList.Age, cancellation) is { } payload)
        {
            await SendAsync(payload.Event, payload.Position.ToString(), payload.Json, cancellation);

            // A page that was far behind would otherwise be told at once what came meanwhile.
            await Task.Delay(JobFeed.Pause, cancellation);
            return payload.Position;
        }

        if (Environment.TickCount64 - _sentAt >= Beat.TotalMilliseconds)
        {
            await SendAsync("beat", null, "{}"u8.ToArray(), cancellation);
        }

        return position;
    }

    private async Task ListAsync(TimeSpan patience, CancellationToken cancellation)
    {
        byte[]? list;
        try
        {
            list = await jobs.GetAsync(patience, cancellation);
        }
        catch (Exception fault) when (fault is JobSourceException or ArtifactStoreException)
        {
            return; // asked again in half a second
        }

        if (list is not null && !ReferenceEquals(list, _list))
        {
            _list = list;
            await SendAsync("jobs", null, list, cancellation);
        }
    }

    private async Task SendAsync(string name, string? id, ReadOnlyMemory<byte> json, CancellationToken cancellation)
    {
        Stream body = context.Response.Body;
        await body.WriteAsync(Encoding.ASCII.GetBytes(id is null ? $"event: {name}\ndata: " : $"event: {name}\nid: {id}\ndata: "), cancellation);
        await body.WriteAsync(json, cancellation);
        await body.WriteAsync("\n\n"u8.ToArray(), cancellation);
        await body.FlushAsync(cancellation);
        _sentAt = Environment.TickCount64;
    }
}
