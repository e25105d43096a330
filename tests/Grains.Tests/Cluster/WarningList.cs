using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;

namespace MambaQuant.Grains.Tests.Cluster;

/// <summary>Keeps what our own code warned of.</summary>
internal sealed class WarningList : ILoggerProvider, ILogger
{
    private readonly ConcurrentQueue<string> _texts = [];

    public IEnumerable<string> Texts => _texts;

    public ILogger CreateLogger(string categoryName) => categoryName.StartsWith("MambaQuant", StringComparison.Ordinal)
        ? this
        : Microsoft.Extensions.Logging.Abstractions.NullLogger.Instance;

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Information;

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
        _texts.Enqueue($"{DateTime.UtcNow:HH:mm:ss.fff} {logLevel} {formatter(state, exception)} {exception}");

    public void Dispose()
    {
    }
}
