using System.Buffers.Binary;
using System.Collections.Concurrent;
using System.IO.Compression;
using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace MambaQuant.Telemetry.Tests.Receiving;

/// <summary>A collector in this process: takes OTLP over gRPC and over HTTP, and keeps what it gets.</summary>
internal sealed class OtlpReceiver : IAsyncDisposable
{
    private const int PrefixLength = 5;

    private readonly WebApplication _application;

    private OtlpReceiver(WebApplication application) => _application = application;

    /// <summary>Where HTTP is taken.</summary>
    public string HttpAddress { get; private set; } = string.Empty;

    /// <summary>Where gRPC is taken.</summary>
    public string GrpcAddress { get; private set; } = string.Empty;

    /// <summary>Metrics, all exports one behind the other.</summary>
    public ConcurrentQueue<ReceivedMetric> Metrics { get; } = [];

    /// <summary>Spans.</summary>
    public ConcurrentQueue<ReceivedSpan> Spans { get; } = [];

    /// <summary>Log records.</summary>
    public ConcurrentQueue<ReceivedLog> Logs { get; } = [];

    /// <summary>Headers of the requests, by name.</summary>
    public ConcurrentDictionary<string, string> Headers { get; } = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>Starts one on loopback.</summary>
    /// <param name="status">What every request is answered with; null takes and keeps it.</param>
    public static async Task<OtlpReceiver> StartAsync(int? status = null)
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.Listen(IPAddress.Loopback, 0, listen => listen.Protocols = HttpProtocols.Http1);
            kestrel.Listen(IPAddress.Loopback, 0, listen => listen.Protocols = HttpProtocols.Http2);
        });
        WebApplication application = builder.Build();
        var receiver = new OtlpReceiver(application);
        if (status is { } always)
        {
            application.Run(context =>
            {
                context.Response.StatusCode = always;
                return Task.CompletedTask;
            });
        }

        receiver.Map("v1/metrics", "metrics.v1.MetricsService", request => Keep(receiver.Metrics, OtlpReading.Metrics(request)));
        receiver.Map("v1/traces", "trace.v1.TraceService", request => Keep(receiver.Spans, OtlpReading.Spans(request)));
        receiver.Map("v1/logs", "logs.v1.LogsService", request => Keep(receiver.Logs, OtlpReading.Logs(request)));
        await application.StartAsync();
        string[] addresses = [.. application.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses];
        (receiver.HttpAddress, receiver.GrpcAddress) = (addresses[0], addresses[1]);
        return receiver;
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _application.StopAsync();
        await _application.DisposeAsync();
    }

    private static void Keep<T>(ConcurrentQueue<T> kept, IEnumerable<T> received)
    {
        foreach (T one in received)
        {
            kept.Enqueue(one);
        }
    }

    private void Map(string path, string service, Action<byte[]> take)
    {
        _application.MapPost(path, async context =>
        {
            take(await BodyAsync(context));
            context.Response.ContentType = "application/x-protobuf";
        });
        _application.MapPost($"opentelemetry.proto.collector.{service}/Export", async context =>
        {
            byte[] body = await BodyAsync(context);
            uint length = BinaryPrimitives.ReadUInt32BigEndian(body.AsSpan(1));
            byte[] message = body[PrefixLength..(PrefixLength + (int)length)];
            take(body[0] == 1 ? Unpacked(message) : message);
            context.Response.ContentType = "application/grpc";
            context.Response.DeclareTrailer("grpc-status");
            await context.Response.Body.WriteAsync(new byte[PrefixLength]);
            context.Response.AppendTrailer("grpc-status", "0");
        });
    }

    private async Task<byte[]> BodyAsync(HttpContext context)
    {
        foreach ((string name, Microsoft.Extensions.Primitives.StringValues value) in context.Request.Headers)
        {
            Headers[name] = value.ToString();
        }

        using var body = new MemoryStream();
        await context.Request.Body.CopyToAsync(body);
        return context.Request.Headers.ContentEncoding == "gzip" ? Unpacked(body.ToArray()) : body.ToArray();
    }

    private static byte[] Unpacked(byte[] packed)
    {
        using var stream = new GZipStream(new MemoryStream(packed), CompressionMode.Decompress);
        using var content = new MemoryStream();
        stream.CopyTo(content);
        return content.ToArray();
    }
}
