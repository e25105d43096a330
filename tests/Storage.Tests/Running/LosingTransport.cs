using Azure.Core;
using Azure.Core.Pipeline;

namespace MambaQuant.Storage.Tests.Running;

/// <summary>Carries a request, and loses the answer to the first one that fits.</summary>
internal sealed class LosingTransport(Func<Request, bool> loses) : HttpPipelineTransport, IDisposable
{
    private readonly HttpClientTransport _inner = new();
    private int _lost;

    /// <summary>How many answers got lost.</summary>
    public int Lost => _lost;

    /// <inheritdoc/>
    public void Dispose() => _inner.Dispose();

    /// <inheritdoc/>
    public override Request CreateRequest() => _inner.CreateRequest();

    /// <inheritdoc/>
    public override void Process(HttpMessage message) => throw new NotSupportedException();

    /// <inheritdoc/>
    public override async ValueTask ProcessAsync(HttpMessage message)
    {
        await _inner.ProcessAsync(message);
        if (loses(message.Request) && Interlocked.CompareExchange(ref _lost, 1, 0) == 0)
        {
            throw new IOException("the line broke before the answer");
        }
    }
}
