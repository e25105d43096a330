namespace MambaQuant.Quant.Smoothing;

/// <summary>One try of a search.</summary>
/// <param name="Alpha">The migration strength; null for no smoothing.</param>
/// <param name="Error">Σ (quantized − float)² / Σ float² of what the block adds to the residual stream.</param>
public readonly record struct SmoothingCandidate(double? Alpha, double Error);
