using MambaQuant.Quant.Models;

namespace MambaQuant.Quant.Recipes;

/// <summary>Divides each channel of an activation by s = max|x|^α / max|w|^(1−α) and multiplies the weights that consume it.</summary>
/// <remarks>
/// Folds into weights; at <see cref="SmoothingSite.GateToOutProj"/> the gate becomes S-SiLU(v) = v·σ(s·v), one vector a layer at run time.
/// Recipe: <c>- Smoothing: { site: GateToOutProj, alpha: search }</c>, or <c>alpha: 0.5</c>, or <c>alpha: search, grid: [0.3, 0.5, 0.7]</c>.
/// Source: SmoothQuant, arXiv 2211.10438; MambaQuant, arXiv 2501.13484, smooth-fused rotation.
/// </remarks>
/// <param name="Site">Any site.</param>
/// <param name="Strength">The migration strength α, fixed or searched per layer.</param>
public sealed record SmoothingModifier(SmoothingSite Site, SmoothingStrength Strength) : Modifier;
