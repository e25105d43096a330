namespace MambaQuant.Quant.Models;

/// <summary>One weight that takes part in a transform.</summary>
/// <remarks>
/// Rotation T (activations x ← x T): rows W ← Tᵀ W, columns W ← W T. Smoothing s (activations x ← x / s): rows and
/// columns are multiplied by s, or divided where <paramref name="Divides"/> is set.
/// </remarks>
/// <param name="Tensor">Name within the layer, such as "mixer.in_proj.weight"; a tensor the model lacks (a bias) is passed over.</param>
/// <param name="Axis">Rows or columns.</param>
/// <param name="First">First row or column.</param>
/// <param name="Count">Number of rows or columns.</param>
/// <param name="Divides">Smoothing only: divide by s instead of multiplying.</param>
public sealed record FoldStep(string Tensor, FoldAxis Axis, int First, int Count, bool Divides = false);
