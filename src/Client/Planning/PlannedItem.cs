using System.Collections.Immutable;
using MambaQuant.Pipeline.Planning;

namespace MambaQuant.Client.Planning;

/// <summary>One item of a plan.</summary>
/// <param name="Item">The item for people.</param>
/// <param name="Needs">Places of the items whose outputs it reads.</param>
/// <param name="Cost">What it is expected to cost.</param>
internal sealed record PlannedItem(string Item, ImmutableArray<int> Needs, WorkCost Cost);
