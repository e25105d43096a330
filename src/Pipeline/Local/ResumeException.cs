namespace MambaQuant.Pipeline.Local;

/// <summary>A run cannot go on as it was told: there is nothing to go on with, it is another run's, or that run is still at work.</summary>
/// <param name="message">What was expected and found, and the next step.</param>
public sealed class ResumeException(string message) : Exception(message);
