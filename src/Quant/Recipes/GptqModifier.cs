using MambaQuant.Quant.Quantization;

namespace MambaQuant.Quant.Recipes;

/// <summary>Rounds weights column after column and lets the later columns make up for the error of the earlier ones.</summary>
/// <remarks>
/// Acts on linear modules whose weights have at most <paramref name="MaximumBits"/> bits.
/// Recipe: <c>- Gptq: { block_size: 128, damping: 0.01 }</c>.
/// Source: GPTQ, arXiv 2210.17323.
/// </remarks>
/// <param name="BlockSize">Columns between two updates of all that lie behind; 128 by default, at least 1; rounded to whole groups. Speed only.</param>
/// <param name="Damping">Share of the mean diagonal that is added to the second moments; 0.01 by default, above 0 and at most 1.</param>
/// <param name="ActivationOrder">Whether columns of large second moment go first (group scales then come from the original weights); false by default.</param>
/// <param name="Sequential">Whether each layer is calibrated on the quantized output of the ones before (slow, a reference); false by default.</param>
/// <param name="MaximumBits">Weights of more bits are rounded to nearest; 4 by default, 2 to 8.</param>
public sealed record GptqModifier(
    int BlockSize = 128, double Damping = 0.01, bool ActivationOrder = false, bool Sequential = false, int MaximumBits = 4) : Modifier
{
    /// <summary>The settings as the quantizer reads them; <see cref="Sequential"/> is the calibration's business.</summary>
    public GptqOptions ToOptions() => new()
    {
        BlockSize = BlockSize,
        Damping = Damping,
        ActivationOrder = ActivationOrder,
        MaximumBits = MaximumBits,
    };
}
