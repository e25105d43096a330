using System.Globalization;
using System.Net;
using MambaQuant.Dashboard.Watching;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace MambaQuant.Dashboard.Hosting;

/// <summary>Serves the live page, beside whatever else a process does: its own listener, no console, no configuration file.</summary>
public sealed class DashboardServer : IAsyncDisposable
{
    // Pages fetch the last pictures until none was asked for so long; nothing is waited for where no page is open.
    private static readonly TimeSpan ToFetch = TimeSpan.FromSeconds(1), MostToFetch = TimeSpan.FromSeconds(5), ToClose = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Step = TimeSpan.FromMilliseconds(50);

    private readonly WebApplication _application;
    private readonly JobFeeds _feeds;
    private readonly JobList _jobs;
    private readonly StoredPictures _pictures;
    private readonly CancellationTokenSource _stopping;
    private readonly TimeSpan _toTellTheEnd;
    private readonly TimeProvider _time;

    private DashboardServer(WebApplication application, JobFeeds feeds, JobList jobs, StoredPictures pictures, CancellationTokenSource stopping, TimeSpan toTellTheEnd, TimeProvider time)
    {
        _application = application;
        _feeds = feeds;
        _jobs = jobs;
        _pictures = pictures;
        _stopping = stopping;
        _toTellTheEnd = toTellTheEnd;
        _time = time;
        string address = application.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First();
        Port = new Uri(address.Replace("[::]", "localhost", StringComparison.Ordinal).Replace("0.0.0.0", "localhost", StringComparison.Ordinal)).Port;
        Address = string.Create(CultureInfo.InvariantCulture, $"http://{HostOf(address)}:{Port}/");
    }

    /// <summary>The address to open, without any token.</summary>
    public string Address { get; }

    /// <summary>The port that it listens at.</summary>
    public int Port { get; }

    /// <summary>Begins to serve.</summary>
    /// <param name="source">Where the jobs are; not owned.</param>
    /// <param name="options">Where, and for whom.</param>
    /// <param name="time">The clock.</param>
    /// <param name="cancellation">Stops the starting.</param>
    /// <exception cref="ArgumentException">The options are not valid; the message says why.</exception>
    /// <exception cref="IOException">The port is taken, or may not be used.</exception>
    public static async Task<DashboardServer> StartAsync(IJobSource source, DashboardOptions options, TimeProvider time, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(source);
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(time);
        if (options.Problem() is { } problem)
        {
            throw new ArgumentException(problem, nameof(options));
        }

        // Nothing of the surroundings is read: a variable such as ASPNETCORE_URLS must not open another door.
        WebApplicationBuilder builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions { ApplicationName = "MambaQuant.Dashboard" });
        builder.Logging.ClearProviders();
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxRequestBodySize = 0;
            kestrel.Limits.MaxConcurrentConnections = 1024;
            kestrel.Limits.MaxRequestHeadersTotalSize = 16 << 10;
            if (options.Address.Equals(IPAddress.Any) || options.Address.Equals(IPAddress.IPv6Any))
            {
                kestrel.ListenAnyIP(options.Port);
            }
            else
            {
                kestrel.Listen(options.Address, options.Port);
            }
        });
        builder.Services.AddRoutingCore();
        builder.Services.Configure<HostOptions>(host => host.ShutdownTimeout = ToClose);
        WebApplication application = builder.Build();
        var pictures = new StoredPictures(source, time);
        var feeds = new JobFeeds(source, pictures, time);
        var jobs = new JobList(source, time);
        var stopping = new CancellationTokenSource();
        DashboardServer? server = null;
        try
        {
            DashboardEndpoints.Map(application, options, feeds, jobs, pictures, stopping.Token);
            await application.StartAsync(cancellation);
            return server = new DashboardServer(application, feeds, jobs, pictures, stopping, options.ToTellTheEnd, time);
        }
        finally
        {
            if (server is null)
            {
                await application.DisposeAsync();
                feeds.Dispose();
                jobs.Dispose();
                stopping.Dispose();
            }
        }
    }

    /// <summary>Reads what pages will still ask for, before its store goes: how the jobs ended that they listen to, and the last pictures.</summary>
    /// <returns>After <see cref="DashboardOptions.ToTellTheEnd"/> at the latest; at once where no page is open.</returns>
    public Task SettleAsync() => WaitAsync(() => !_feeds.IsReading, _toTellTheEnd);

    /// <summary>Tells the pages how their jobs ended, and that the server goes; then goes.</summary>
    public async ValueTask DisposeAsync()
    {
        await WaitAsync(() => !_feeds.IsAwaited, _toTellTheEnd);
        if (_feeds.HasPages)
        {
            await Task.Delay(ToFetch, _time);
            await WaitAsync(() => _pictures.Quiet >= ToFetch, MostToFetch);
        }

        await _stopping.CancelAsync();
        await _application.StopAsync();
        await _application.DisposeAsync();
        _feeds.Dispose();
        _jobs.Dispose();
        _stopping.Dispose();
    }

    private async Task WaitAsync(Func<bool> isOver, TimeSpan most)
    {
        long asked = _time.GetTimestamp();
        while (!isOver() && _time.GetElapsedTime(asked) < most)
        {
            await Task.Delay(Step, _time);
        }
    }

    /// <summary>Who listens at every address of the machine is reached under its own name.</summary>
    private static string HostOf(string address)
    {
        string host = address[(address.IndexOf("://", StringComparison.Ordinal) + 3)..address.LastIndexOf(':')];
        return IPAddress.TryParse(host.Trim('[', ']'), out IPAddress? ip) && (ip.Equals(IPAddress.Any) || ip.Equals(IPAddress.IPv6Any)) ? Dns.GetHostName() : host;
    }
}
