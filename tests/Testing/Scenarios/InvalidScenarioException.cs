namespace MambaQuant.Testing.Scenarios;

/// <summary>A line of a scenario makes no sense.</summary>
/// <param name="line">Its number, from 1.</param>
/// <param name="message">What is wrong.</param>
public sealed class InvalidScenarioException(int line, string message) : Exception($"line {line}: {message}")
{
    /// <summary>Number of the line, from 1.</summary>
    public int Line { get; } = line;
}
