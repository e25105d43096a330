namespace MambaQuant.Pipeline.Simulation;

/// <summary>Something that is to happen.</summary>
/// <param name="Kind">What.</param>
/// <param name="Subject">Index of the worker or node.</param>
/// <param name="Run">The worker's run that it belongs to; a later run makes it void.</param>
internal readonly record struct SimulatedEvent(SimulatedEventKind Kind, int Subject, int Run);
