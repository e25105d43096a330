namespace MambaQuant.Pipeline.Local;

/// <summary>A run was stopped at a safe point; what it made is kept, and the same command goes on from there.</summary>
/// <param name="workPath">Where what it made lies.</param>
/// <param name="cancellation">What stopped it.</param>
public sealed class RunInterruptedException(string workPath, CancellationToken cancellation)
    : OperationCanceledException($"stopped; what was made so far is kept in '{workPath}', and the same command goes on from there", cancellation)
{
    /// <summary>Where what it made lies.</summary>
    public string WorkPath { get; } = workPath;
}
