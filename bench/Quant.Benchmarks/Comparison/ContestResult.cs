namespace MambaQuant.Quant.Benchmarks.Comparison;

/// <summary>What one way of doing a thing took.</summary>
/// <param name="Processor">Median of the seconds that all processors together spent on it: what a loaded machine disturbs least.</param>
/// <param name="Rounds">Number of times.</param>
internal sealed record ContestResult(double Processor, int Rounds);
