namespace MambaQuant.Pipeline.Execution;

/// <summary>How far an item is: a sign of life for its lease, and what people see.</summary>
/// <param name="Item">Index of the item.</param>
/// <param name="Done">Units done.</param>
/// <param name="Total">Units in all.</param>
/// <param name="Unit">What is counted, in the plural: "tokens" (of every layer of a pass), "candidates", "modules", "pieces", "parts".</param>
/// <param name="Checkpoint">Layers of the item that a later attempt need not repeat; 0 where nothing is kept.</param>
public readonly record struct ItemProgress(int Item, long Done, long Total, string Unit, int Checkpoint);
