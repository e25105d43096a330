using System.Collections.Immutable;
using MambaQuant.Quant.Inference;
using MambaQuant.Quant.Kernels;
using MambaQuant.Quant.Models;
using MambaQuant.Quant.Quantization;
using MambaQuant.Quant.Rotations;
using MambaQuant.Quant.Statistics;
using MambaQuant.Quant.Tensors;

namespace MambaQuant.Quant.Smoothing;

/// <summary>Measures what a transform of one layer costs once it is quantized: the question a search asks of every candidate.</summary>
/// <remarks>
/// Ranges are observed on one set of sequences, errors measured on another. Weights are rounded to nearest, whatever the
/// recipe does later, with ranges by their extremes: error compensation and fitted ranges would take most of the time and hide
/// little of a bad transform.
/// </remarks>
public sealed class BlockTrial : IDisposable
{
    private readonly IKernels _kernels;
    private readonly MambaConfig _config;
    private readonly ModelFamily _family;
    private readonly QuantizationScheme _scheme;
    private readonly ObservationPlan _plan;
    private readonly Tensor _rangeInputs;
    private readonly Tensor _errorInputs;
    private Tensor? _reference;
    private double _referenceNorm;

    /// <summary>Makes a trial.</summary>
    /// <param name="kernels">The backend.</param>
    /// <param name="config">The model's dimensions.</param>
    /// <param name="family">Sites and modules.</param>
    /// <param name="scheme">What is quantized and how.</param>
    /// <param name="rangeInputs">Residual stream before the block, whole sequences from reset state, [B, L, d] F32, in the rotated basis; not owned.</param>
    /// <param name="errorInputs">Other sequences alike; not owned.</param>
    public BlockTrial(
        IKernels kernels,
        MambaConfig config,
        ModelFamily family,
        QuantizationScheme scheme,
        Tensor rangeInputs,
        Tensor errorInputs)
    {
        _kernels = kernels;
        _config = config;
        _family = family;
        _scheme = WithPlainWeights(scheme);
        _plan = CalibrationNeeds.Ranges(family, scheme, withHistograms: false);
        _rangeInputs = rangeInputs;
        _errorInputs = errorInputs;
    }

    /// <summary>The error of the quantized block relative to the float block.</summary>
    /// <param name="weights">The layer's weights before the transform.</param>
    /// <param name="transform">The candidate.</param>
    /// <returns>Σ (quantized − float)² / Σ float² of what the block adds to the residual stream; 0 where both add the same, be it nothing.</returns>
    /// <exception cref="NonFiniteActivationException">A block adds NaN or infinity.</exception>
    public double RelativeError(LayerWeights weights, LayerTransform transform)
    {
        ArgumentNullException.ThrowIfNull(weights);
        LayerWeights folded = LayerFolder.Fold(_kernels, _family, weights, residual: null, transform);
        using OnlineTransforms online = LayerFolder.Online(_kernels, _family, transform);
        using MambaBlock floating = FloatBlock.Build(_kernels, _config, folded, online);
        Tensor reference = Reference(floating);
        (QuantizedLayer layer, _) = LayerQuantizer.Quantize(
            _kernels, _family, folded, transform, _scheme, Observe(floating, weights.Layer));
        using QuantizedLayer owned = layer;
        using MambaBlock quantized = QuantizedBlock.Build(_kernels, _config, layer, QuantizedArithmetic.Integer);
        using Tensor change = Change(quantized, _errorInputs, observer: null);
        double distance = _kernels.SquaredDistance(change, reference);
        if (!double.IsFinite(distance))
        {
            // NaN sorts before every number: such a candidate would win.
            throw new NonFiniteActivationException(
                $"layer {weights.Layer}, a trial of its transform: expected finite outputs of the block, found NaN or infinity."
                + " Check the weights of this layer and of those before it for values that are not finite or far too large.");
        }

        return distance == 0 ? 0 : distance / _referenceNorm;
    }

    /// <inheritdoc/>
    public void Dispose() => _reference?.Dispose();

    private static QuantizationScheme WithPlainWeights(QuantizationScheme scheme) => scheme with
    {
        Modules = scheme.Modules.ToImmutableSortedDictionary(
            module => module.Key,
            module => module.Value with { Weights = module.Value.Weights is null ? null : module.Value.Weights with { Range = RangeEstimator.MinMax } },
            StringComparer.Ordinal),
    };

    /// <summary>What the float block adds; the same for every candidate up to rounding, so computed once.</summary>
    private Tensor Reference(MambaBlock folded)
    {
        if (_reference is null)
        {
            _reference = Change(folded, _errorInputs, observer: null);
            _referenceNorm = _kernels.SquaredNorm(_reference);
        }

        return _reference;
    }

    private LayerStatistics Observe(MambaBlock folded, int layer)
    {
        using var observer = new LayerObserver(_kernels, _plan, layer, _config);
        using Tensor change = Change(folded, _rangeInputs, observer);
        return observer.ToStatistics();
    }

    private Tensor Change(MambaBlock block, Tensor inputs, LayerObserver? observer)
    {
        using BlockState state = BlockState.Zero(_kernels, _config, inputs.Shape[0]);
        return block.Change(_kernels, inputs, state, observer);
    }
}
