using MambaQuant.Pipeline.Planning;

namespace MambaQuant.Pipeline.Driving;

/// <summary>How many items of one kind stand in which way.</summary>
/// <param name="Kind">The kind.</param>
/// <param name="Waiting">Not yet to be given out: something that they need is not done, or they pause.</param>
/// <param name="Ready">To be given out.</param>
/// <param name="Running">At work.</param>
/// <param name="Done">Done.</param>
/// <param name="Unneeded">Not needed any more.</param>
public sealed record KindOverview(WorkKind Kind, int Waiting, int Ready, int Running, int Done, int Unneeded);
