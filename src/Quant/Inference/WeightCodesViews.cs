using MambaQuant.Quant.Kernels;

namespace MambaQuant.Quant.Inference;

/// <summary>Views of codes.</summary>
internal static class WeightCodesViews
{
    /// <summary>Consecutive rows of a quantized weight, sharing memory with it.</summary>
    /// <param name="memory">The backend of the codes.</param>
    /// <param name="weight">[O, I] codes.</param>
    /// <param name="first">First row.</param>
    /// <param name="count">Number of rows.</param>
    public static WeightCodes Rows(this ITensorMemory memory, WeightCodes weight, int first, int count)
    {
        bool isPerTensor = weight.Scales.Shape.Rows == 1 && weight.Codes.Shape[0] > 1;
        (int scaleFirst, int scaleCount) = isPerTensor ? (0, 1) : (first, count);
        return new WeightCodes(
            memory.Rows(weight.Codes, first, count),
            memory.Rows(weight.Scales, scaleFirst, scaleCount),
            weight.ZeroPoints is null ? null : memory.Rows(weight.ZeroPoints, scaleFirst, scaleCount),
            weight.Grid,
            weight.GroupSize);
    }
}
