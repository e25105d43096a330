using MambaQuant.Quant.Quantization;

namespace MambaQuant.Quant.Recipes;

/// <summary>Quantizes weights and activations.</summary>
/// <remarks>
/// Recipe: <c>- Quantization: { scheme: W4A8, strict: false, overrides: { x_proj: { weights: { bits: 4 } } } }</c>.
/// Keys of an override replace those of the scheme; <c>weights: none</c>, <c>input: none</c> or <c>conv1d: none</c> leave a part float.
/// </remarks>
/// <param name="Scheme">What is quantized and how, fully resolved; its name is the one it was asked for by.</param>
/// <param name="Strict">Whether the strict form of the scheme was asked for (see <see cref="QuantizationSchemes"/>).</param>
public sealed record QuantizationModifier(QuantizationScheme Scheme, bool Strict = false) : Modifier;
