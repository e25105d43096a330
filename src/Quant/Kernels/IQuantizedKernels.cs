using MambaQuant.Quant.Tensors;

namespace MambaQuant.Quant.Kernels;

/// <summary>Quantizing, and computing with what is quantized. T tokens, I inputs, O outputs, G groups.</summary>
/// <remarks>Rounding is to nearest, ties to even; code = clamp(round(x / scale) + zero point).</remarks>
public interface IQuantizedKernels
{
    /// <summary>Quantizes activations with one given scale (static).</summary>
    /// <param name="x">[..., C] F32.</param>
    /// <param name="grid">The integers to use.</param>
    /// <param name="scale">Positive, finite.</param>
    /// <param name="zeroPoint">0 for a symmetric grid.</param>
    ActivationCodes QuantizeActivation(Tensor x, CodeGrid grid, float scale, int zeroPoint);

    /// <summary>Quantizes every token with a scale from its own values (dynamic, causal).</summary>
    /// <param name="x">[..., C] F32.</param>
    /// <param name="grid">The integers to use.</param>
    /// <remarks>The range is the token's minimum and maximum; a token of zeros gets scale 1.</remarks>
    ActivationCodes QuantizeActivationPerToken(Tensor x, CodeGrid grid);

    /// <summary>y[t,o] = Σ_g s_x s_w[o,g] Σ_{i in g} (q_x − z_x)(q_w − z_w) + bias; the inner sum exact, the outer in fp64 in the order of g, rounded once to fp32.</summary>
    /// <param name="x">[..., I] codes.</param>
    /// <param name="weight">[O, I] codes.</param>
    /// <param name="bias">[O] F32, or null; added in fp64 before the rounding.</param>
    /// <param name="arithmetic">Integer, or its fp64 reference.</param>
    /// <returns>[..., O] F32.</returns>
    Tensor QuantizedLinear(ActivationCodes x, WeightCodes weight, Tensor? bias, QuantizedArithmetic arithmetic);

    /// <summary>y = x Wᵀ + bias with fp32 activations and quantized weights (weight-only schemes); W is dequantized to fp32 tile by tile, never as a whole.</summary>
    /// <param name="x">[..., I] F32.</param>
    /// <param name="weight">[O, I] codes.</param>
    /// <param name="bias">[O] F32, or null.</param>
    Tensor WeightOnlyLinear(Tensor x, WeightCodes weight, Tensor? bias);

    /// <summary>As <see cref="IForwardKernels.CausalConvolutionSilu"/> on codes; the sum over taps is exact where one scale covers them, else fp64 over taps in order.</summary>
    /// <param name="extended">[B, K−1+L, C] codes.</param>
    /// <param name="taps">[C, K] codes.</param>
    /// <param name="bias">[C] F32, or null.</param>
    /// <param name="arithmetic">Integer, or its fp64 reference.</param>
    /// <returns>[B, L, C] F32.</returns>
    Tensor QuantizedCausalConvolutionSilu(ActivationCodes extended, WeightCodes taps, Tensor? bias, QuantizedArithmetic arithmetic);

    /// <summary>As <see cref="IForwardKernels.GatherRows"/> from a quantized table; values are dequantized in fp32.</summary>
    /// <param name="table">[V, C] codes.</param>
    /// <param name="rows">Row indices.</param>
    Tensor GatherQuantizedRows(WeightCodes table, ReadOnlySpan<int> rows);

    /// <summary>Fits scales (and zero points) for weights: one a row and group, or one for all.</summary>
    /// <param name="weight">[O, I] F32 or F64.</param>
    /// <param name="grid">The integers to use.</param>
    /// <param name="groupSize">Columns that share a scale (the last group may be shorter); 0 for one scale over the whole tensor.</param>
    /// <param name="range">How the range is chosen.</param>
    /// <returns>Scales [O, G] F32 ([1, 1] for group size 0) and zero points I32 alike, null for a symmetric grid. All-zero groups get scale 1.</returns>
    (Tensor Scales, Tensor? ZeroPoints) FitWeightScales(Tensor weight, CodeGrid grid, int groupSize, WeightRange range);

    /// <summary>Rounds weights to given scales (RTN).</summary>
    /// <param name="weight">[O, I] F32 or F64.</param>
    /// <param name="grid">The integers to use.</param>
    /// <param name="groupSize">Columns that share a scale; 0 for the whole tensor.</param>
    /// <param name="scales">As <see cref="FitWeightScales"/> returns them; owned by the result.</param>
    /// <param name="zeroPoints">Likewise.</param>
    WeightCodes QuantizeWeight(Tensor weight, CodeGrid grid, int groupSize, Tensor scales, Tensor? zeroPoints);

    /// <summary>The values that codes stand for.</summary>
    /// <param name="weight">[O, I] codes.</param>
    /// <returns>[O, I] F32: fp32 product of scale and (code − zero point).</returns>
    Tensor Dequantize(WeightCodes weight);

    /// <summary>The values that codes stand for.</summary>
    /// <param name="x">Codes of any shape.</param>
    /// <returns>F32 of the same shape.</returns>
    Tensor Dequantize(ActivationCodes x);

    /// <summary>One block of GPTQ: rounds columns first … first+count−1 in order, spreading each column's error over the columns behind it.</summary>
    /// <param name="weight">[O, I] F64; columns behind are updated in place: w[:, j] −= e · U[i, j], e = (w[:, i] − q) / U[i, i].</param>
    /// <param name="upper">U, [I, I] F64, upper triangular with H⁻¹ = Uᵀ U.</param>
    /// <param name="first">First column of the block.</param>
    /// <param name="count">Columns in the block; one scale per row covers them.</param>
    /// <param name="grid">The integers to use.</param>
    /// <param name="scales">[O] F32 scales of the block.</param>
    /// <param name="zeroPoints">[O] I32, or null.</param>
    /// <param name="codes">[O, I] I8; the block's columns are written.</param>
    /// <returns>Σ e² over the block, the error that GPTQ reports.</returns>
    double GptqBlock(Tensor weight, Tensor upper, int first, int count, CodeGrid grid, Tensor scales, Tensor? zeroPoints, Tensor codes);
}
