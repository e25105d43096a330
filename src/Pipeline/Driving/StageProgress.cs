namespace MambaQuant.Pipeline.Driving;

/// <summary>How far a stage of a run is.</summary>
/// <param name="Stage">Its name for people, such as "observe original".</param>
/// <param name="Done">Units done.</param>
/// <param name="Total">Units in all; 0 where not yet known.</param>
/// <param name="Unit">What is counted, in the plural: "tokens", "layers".</param>
public readonly record struct StageProgress(string Stage, long Done, long Total, string Unit);
