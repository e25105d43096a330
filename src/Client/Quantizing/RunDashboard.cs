using MambaQuant.Dashboard.Hosting;
using MambaQuant.Dashboard.Watching;
using MambaQuant.Pipeline.Local;

namespace MambaQuant.Client.Quantizing;

/// <summary>The live page of one call of <c>quantize</c>: there before the work begins, gone when the program ends.</summary>
internal sealed class RunDashboard : IDisposable
{
    private readonly DashboardServer _server;

    private RunDashboard(DashboardServer server) => _server = server;

    /// <summary>Begins to serve, and says where.</summary>
    /// <param name="options">Where, and for whom.</param>
    /// <param name="run">What the engine shows its jobs to.</param>
    /// <param name="request">The run.</param>
    /// <param name="context">Clock, cancellation, and where its address goes.</param>
    /// <exception cref="IOException">The port is taken, or may not be used.</exception>
    public static RunDashboard Start(DashboardOptions options, RunWatch run, QuantizeRequest request, CommandContext context)
    {
        var source = new LocalJobSource(run, $"quantizing {request.ModelPath}", context.Time);
        DashboardServer server = Task.Run(() => DashboardServer.StartAsync(source, options, context.Time, context.Cancellation)).GetAwaiter().GetResult();
        context.Error.WriteLine($"dashboard: {server.Address}{(options.Token is null ? string.Empty : "?token=... (the one that was given)")}");
        run.Closing = () => Task.Run(server.SettleAsync).GetAwaiter().GetResult();
        return new RunDashboard(server);
    }

    /// <inheritdoc/>
    public void Dispose() => Task.Run(() => _server.DisposeAsync().AsTask()).GetAwaiter().GetResult();
}
