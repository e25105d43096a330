using Microsoft.Extensions.Hosting;

namespace MambaQuant.Client.Cluster;

/// <summary>A host's lifetime that its owner decides on alone.</summary>
internal sealed class QuietLifetime : IHostLifetime
{
    /// <inheritdoc/>
    public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <inheritdoc/>
    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
