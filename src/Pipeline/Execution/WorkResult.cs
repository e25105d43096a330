using System.Collections.Immutable;

namespace MambaQuant.Pipeline.Execution;

/// <summary>What became of an item that ended well.</summary>
/// <param name="Item">Index of the item.</param>
/// <param name="Receipt">What it put.</param>
/// <param name="WasDone">Whether it had been done before, so that nothing was computed.</param>
/// <param name="Disagreements">Outputs of which the store held other bytes already: two runs of one item differ, which must not be.</param>
public sealed record WorkResult(int Item, ItemReceipt Receipt, bool WasDone, ImmutableArray<string> Disagreements)
{
    /// <summary>One hash over all outputs.</summary>
    public string Checksum => Receipt.Checksum;
}
