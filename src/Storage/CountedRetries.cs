using Azure.Core;
using Azure.Core.Pipeline;
using MambaQuant.Pipeline.Telemetry;

namespace MambaQuant.Storage;

/// <summary>Counts requests that are repeated.</summary>
internal sealed class CountedRetries : HttpPipelineSynchronousPolicy
{
    /// <inheritdoc/>
    public override void OnSendingRequest(HttpMessage message)
    {
        if (message.ProcessingContext.RetryNumber > 0)
        {
            PipelineInstruments.StoreRetries.Add(1);
        }
    }
}
