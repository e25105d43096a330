using System.Net;
using MambaQuant.Pipeline.Artifacts;
using MambaQuant.Silo.Configuration;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace MambaQuant.Silo.Hosting;

/// <summary>Says what operators want to see first: that the silo is up, as what and where; and that its certificate ends soon.</summary>
/// <param name="configuration">The silo.</param>
/// <param name="store">Its store.</param>
/// <param name="lifetime">Says when the silo has joined its cluster.</param>
/// <param name="time">The clock.</param>
/// <param name="logger">Writes it.</param>
internal sealed partial class SiloNews(SiloConfiguration configuration, IArtifactStore store, IHostApplicationLifetime lifetime, TimeProvider time, ILogger<SiloNews> logger)
    : IHostedService
{
    private static readonly TimeSpan EndsSoon = TimeSpan.FromDays(14);

    /// <inheritdoc/>
    public Task StartAsync(CancellationToken cancellationToken)
    {
        if (configuration.Cluster.Certificates is { } certificates && certificates.EndsAt - time.GetUtcNow() < EndsSoon)
        {
            LogCertificateEnds(certificates.EndsAt);
        }

        lifetime.ApplicationStarted.Register(() => LogUp(
            configuration.Endpoint.Name, configuration.Endpoint.Advertised, configuration.Endpoint.SiloPort, configuration.Slots, store.Description, configuration.Cluster.ClusterId));
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    [LoggerMessage(Level = LogLevel.Information, Message = "silo {Silo} is up at {Address}:{Port}: slots {Slots}, store {Store}, cluster {Cluster}")]
    private partial void LogUp(string silo, IPAddress address, int port, int slots, string store, string cluster);

    [LoggerMessage(Level = LogLevel.Warning, Message = "the certificate of this silo ends at {End:u}: it is read once, at the start, so renew the file and start the silo again before")]
    private partial void LogCertificateEnds(DateTimeOffset end);
}
