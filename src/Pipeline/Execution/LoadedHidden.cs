using MambaQuant.Quant.Method;
using MambaQuant.Quant.Statistics;

namespace MambaQuant.Pipeline.Execution;

/// <summary>Hidden states of a shard at a layer, and what was pooled over the layers before.</summary>
/// <param name="Hidden">The hidden states; owned.</param>
/// <param name="Pool">The second moment of the residual stream so far, or null.</param>
internal sealed record LoadedHidden(HiddenStates Hidden, SecondMoment? Pool) : IDisposable
{
    /// <inheritdoc/>
    public void Dispose() => Hidden.Dispose();
}
