using MambaQuant.Quant.Kernels;
using MambaQuant.Quant.Tensors;

namespace MambaQuant.Testing;

/// <content>Quantizing, and computing with what is quantized.</content>
public sealed partial class OpaqueKernels
{
    /// <inheritdoc/>
    public ActivationCodes QuantizeActivation(Tensor x, CodeGrid grid, float scale, int zeroPoint) =>
        Wrap(_hidden.QuantizeActivation(Unwrap(x), grid, scale, zeroPoint));

    /// <inheritdoc/>
    public ActivationCodes QuantizeActivationPerToken(Tensor x, CodeGrid grid) => Wrap(_hidden.QuantizeActivationPerToken(Unwrap(x), grid));

    /// <inheritdoc/>
    public Tensor QuantizedLinear(ActivationCodes x, WeightCodes weight, Tensor? bias, QuantizedArithmetic arithmetic) =>
        Wrap(_hidden.QuantizedLinear(Unwrap(x), Unwrap(weight), Unwrap(bias), arithmetic));

    /// <inheritdoc/>
    public Tensor WeightOnlyLinear(Tensor x, WeightCodes weight, Tensor? bias) =>
        Wrap(_hidden.WeightOnlyLinear(Unwrap(x), Unwrap(weight), Unwrap(bias)));

    /// <inheritdoc/>
    public Tensor QuantizedCausalConvolutionSilu(ActivationCodes extended, WeightCodes taps, Tensor? bias, QuantizedArithmetic arithmetic) =>
        Wrap(_hidden.QuantizedCausalConvolutionSilu(Unwrap(extended), Unwrap(taps), Unwrap(bias), arithmetic));

    /// <inheritdoc/>
    public Tensor GatherQuantizedRows(WeightCodes table, ReadOnlySpan<int> rows) => Wrap(_hidden.GatherQuantizedRows(Unwrap(table), rows));

    /// <inheritdoc/>
    public (Tensor Scales, Tensor? ZeroPoints) FitWeightScales(Tensor weight, CodeGrid grid, int groupSize, WeightRange range)
    {
        (Tensor scales, Tensor? zeroPoints) = _hidden.FitWeightScales(Unwrap(weight), grid, groupSize, range);
        return (Wrap(scales), Wrap(zeroPoints));
    }

    /// <inheritdoc/>
    public WeightCodes QuantizeWeight(Tensor weight, CodeGrid grid, int groupSize, Tensor scales, Tensor? zeroPoints)
    {
        WeightCodes hidden = _hidden.QuantizeWeight(Unwrap(weight), grid, groupSize, Unwrap(scales), Unwrap(zeroPoints));
        return new WeightCodes(Wrap(hidden.Codes), scales, zeroPoints, hidden.Grid, hidden.GroupSize);
    }

    /// <inheritdoc/>
    public Tensor Dequantize(WeightCodes weight) => Wrap(_hidden.Dequantize(Unwrap(weight)));

    /// <inheritdoc/>
    public Tensor Dequantize(ActivationCodes x) => Wrap(_hidden.Dequantize(Unwrap(x)));

    /// <inheritdoc/>
    public double GptqBlock(
        Tensor weight, Tensor upper, int first, int count, CodeGrid grid, Tensor scales, Tensor? zeroPoints, Tensor codes) =>
        _hidden.GptqBlock(Unwrap(weight), Unwrap(upper), first, count, grid, Unwrap(scales), Unwrap(zeroPoints), Unwrap(codes));
}
