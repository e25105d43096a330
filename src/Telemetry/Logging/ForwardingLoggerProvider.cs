using Microsoft.Extensions.Logging;

namespace MambaQuant.Telemetry.Logging;

/// <summary>Lets a host log into a session that lives longer than the host.</summary>
/// <param name="loggers">The session's loggers; not owned.</param>
internal sealed class ForwardingLoggerProvider(ILoggerFactory loggers) : ILoggerProvider
{
    /// <inheritdoc/>
    public ILogger CreateLogger(string categoryName) => loggers.CreateLogger(categoryName);

    /// <summary>Does nothing.</summary>
    public void Dispose()
    {
    }
}
