using MambaQuant.Quant.Inference;
using MambaQuant.Quant.Kernels;
using MambaQuant.Quant.Models;
using MambaQuant.Quant.Quantization;
using MambaQuant.Quant.Rotations;
using MambaQuant.Quant.Smoothing;
using MambaQuant.Quant.Statistics;
using MambaQuant.Quant.Tensors;

namespace MambaQuant.Quant.Tests.Smoothing;

/// <summary>What <see cref="BlockTrial"/> has to give, the slow way: every candidate is folded, observed and quantized as a whole, and nothing is kept but the reference.</summary>
/// <remarks>The weights of the scheme are quantized as it says: give it one with ranges by extremes.</remarks>
internal sealed class FreshTrial(IKernels kernels, MambaConfig config, QuantizationScheme scheme, Tensor rangeInputs, Tensor errorInputs) : IDisposable
{
    private readonly ModelFamily _family = MambaFamily.For(config);
    private Tensor? _reference;

    public double RelativeError(LayerWeights weights, LayerTransform transform)
    {
        LayerWeights folded = LayerFolder.Fold(kernels, _family, weights, residual: null, transform);
        using OnlineTransforms online = LayerFolder.Online(kernels, _family, transform);
        using MambaBlock floating = FloatBlock.Build(kernels, config, folded, online);
        _reference ??= Change(floating, errorInputs, observer: null);
        using var observer = new LayerObserver(kernels, CalibrationNeeds.Ranges(_family, scheme, withHistograms: false), weights.Layer, config);
        Change(floating, rangeInputs, observer).Dispose();
        (QuantizedLayer layer, _) = LayerQuantizer.Quantize(kernels, _family, folded, transform, scheme, observer.ToStatistics());
        using QuantizedLayer owned = layer;
        using MambaBlock quantized = QuantizedBlock.Build(kernels, config, layer, QuantizedArithmetic.Integer);
        using Tensor change = Change(quantized, errorInputs, observer: null);
        return kernels.SquaredDistance(change, _reference) / kernels.SquaredNorm(_reference);
    }

    public void Dispose() => _reference?.Dispose();

    private Tensor Change(MambaBlock block, Tensor inputs, LayerObserver? observer)
    {
        using BlockState state = BlockState.Zero(kernels, config, inputs.Shape[0]);
        return block.Change(kernels, inputs, state, observer);
    }
}
