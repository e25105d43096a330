using MambaQuant.Quant.Models;

namespace MambaQuant.Pipeline.Execution;

/// <summary>A layer ready to run.</summary>
/// <param name="Block">The layer; owned.</param>
/// <param name="Online">What is left for run time; owned.</param>
internal sealed record LoadedBlock(MambaBlock Block, OnlineTransforms Online) : IDisposable
{
    /// <inheritdoc/>
    public void Dispose()
    {
        Block.Dispose();
        Online.Dispose();
    }
}
