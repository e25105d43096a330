namespace MambaQuant.Pipeline.Simulation;

/// <summary>One attempt of a recorded run.</summary>
/// <param name="Item">Index of the item.</param>
/// <param name="Attempt">Number of the attempt.</param>
/// <param name="Worker">Who.</param>
/// <param name="Began">When it was given out, from the submission.</param>
/// <param name="Ended">When it ended.</param>
/// <param name="Counted">Whether its result counted.</param>
public sealed record RecordedAttempt(int Item, int Attempt, string Worker, TimeSpan Began, TimeSpan Ended, bool Counted);
