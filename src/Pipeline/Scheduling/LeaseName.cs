namespace MambaQuant.Pipeline.Scheduling;

/// <summary>Names one lease.</summary>
/// <param name="Worker">Who holds it.</param>
/// <param name="Item">Index of the item.</param>
/// <param name="Attempt">The attempt.</param>
public sealed record LeaseName(string Worker, int Item, int Attempt);
