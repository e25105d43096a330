namespace MambaQuant.Pipeline.Execution;

/// <summary>Tells how far one item is.</summary>
/// <param name="item">Index of the item.</param>
/// <param name="progress">Hears it; null for nobody.</param>
internal sealed class ItemReporter(int item, IProgress<ItemProgress>? progress)
{
    /// <summary>Layers of the item that a later attempt need not repeat.</summary>
    public int Checkpoint { get; set; }

    /// <summary>Tells.</summary>
    /// <param name="done">Units done.</param>
    /// <param name="total">Units in all.</param>
    /// <param name="unit">What is counted, in the plural.</param>
    public void Report(long done, long total, string unit) => progress?.Report(new ItemProgress(item, done, total, unit, Checkpoint));
}
