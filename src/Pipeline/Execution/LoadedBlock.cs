using MambaQuant.Quant.Models;

namespace MambaQuant.Pipeline.Execution;

/// <summary>A layer ready to run.</summary>
/// <param name="Block">The layer; owned.</param>
/// <param name="Parts">What it is built on; owned.</param>
internal sealed record LoadedBlock(MambaBlock Block, IDisposable Parts) : IDisposable
{
    /// <inheritdoc/>
    public void Dispose()
    {
        Block.Dispose();
        Parts.Dispose();
    }
}
