using MambaQuant.Dashboard.Hosting;
using MambaQuant.Dashboard.Watching;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace MambaQuant.Silo.Watching;

/// <summary>Serves the live page while the silo runs, at a port of its own: who may see it does not follow from who may ask for the silo's health.</summary>
/// <param name="source">Where the jobs are.</param>
/// <param name="options">Where, and for whom.</param>
/// <param name="time">The clock.</param>
/// <param name="logger">Says where the page is.</param>
internal sealed partial class DashboardService(IJobSource source, DashboardOptions options, TimeProvider time, ILogger<DashboardService> logger) : IHostedService
{
    private DashboardServer? _server;

    /// <inheritdoc/>
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        _server = await DashboardServer.StartAsync(source, options, time, cancellationToken);
        LogAddress(_server.Address);
    }

    /// <inheritdoc/>
    public async Task StopAsync(CancellationToken cancellationToken)
    {
        if (_server is { } server)
        {
            _server = null;
            await server.DisposeAsync();
        }
    }

    [LoggerMessage(1, LogLevel.Information, "the live page is at {Address}")]
    private partial void LogAddress(string address);
}
