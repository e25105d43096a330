namespace MambaQuant.Pipeline.Local;

/// <summary>How long a stage took.</summary>
/// <param name="Stage">Its name for people.</param>
/// <param name="Elapsed">Wall time.</param>
public readonly record struct StageDuration(string Stage, TimeSpan Elapsed);
