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
/// little of a bad transform. Candidates of a search differ little from each other: what the last one folded, quantized and computed
/// is kept, and only what the next one changes is made anew. That saves most of the work and changes no bit.
/// </remarks>
public sealed class BlockTrial : IDisposable
{
    private readonly IKernels _kernels;
    private readonly MambaConfig _config;
    private readonly ModelFamily _family;
    private readonly QuantizationScheme _scheme;
    private readonly ObservationPlan _plan;
    private readonly Tensor _errorInputs;
    private readonly RepeatedForward _rangeRun;
    private readonly RepeatedForward _errorRun;
    private TrialLayer? _layer;
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
        _errorInputs = errorInputs;
        _rangeRun = new RepeatedForward(kernels, rangeInputs);
        _errorRun = new RepeatedForward(kernels, errorInputs);
    }

    /// <summary>The error of the quantized block relative to the float block.</summary>
    /// <param name="weights">The layer's weights before the transform.</param>
    /// <param name="transform">The candidate.</param>
    /// <returns>Σ (quantized − float)² / Σ float² of what the block adds to the residual stream; 0 where both add the same, be it nothing.</returns>
    /// <exception cref="NonFiniteActivationException">A block adds NaN or infinity.</exception>
    public double RelativeError(LayerWeights weights, LayerTransform transform)
    {
        ArgumentNullException.ThrowIfNull(weights);
        bool complete = false;
        try
        {
            double distance = Distance(LayerOf(weights), transform);
            complete = true;
            return distance == 0 ? 0 : distance / _referenceNorm;
        }
        finally
        {
            if (!complete)
            {
                Forget();
            }
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Forget();
        _reference?.Dispose();
    }

    private static QuantizationScheme WithPlainWeights(QuantizationScheme scheme) => scheme with
    {
        Modules = scheme.Modules.ToImmutableSortedDictionary(
            module => module.Key,
            module => module.Value with { Weights = module.Value.Weights is null ? null : module.Value.Weights with { Range = RangeEstimator.MinMax } },
            StringComparer.Ordinal),
    };

    /// <summary>What was kept of the last candidate, if it was one of the same layer.</summary>
    private TrialLayer LayerOf(LayerWeights weights)
    {
        if (_layer is null || !ReferenceEquals(_layer.Original, weights))
        {
            Forget();
            _layer = new TrialLayer(_kernels, _config, _family, _scheme, weights);
        }

        return _layer;
    }

    private double Distance(TrialLayer layer, LayerTransform candidate)
    {
        BlockSteps changed = layer.Apply(candidate);
        using (OnlineTransforms online = LayerFolder.Online(_kernels, _family, candidate))
        using (MambaBlock floating = FloatBlock.Over(_kernels, _config, layer.Folded, online))
        {
            EnsureReference(floating);
            layer.Fit(changed, Observe(floating, changed, candidate.Layer));
        }

        using MambaBlock quantized = QuantizedBlock.Build(_kernels, _config, layer.Quantized(), QuantizedArithmetic.Integer);
        using Tensor change = _errorRun.Change(quantized, changed);
        double distance = _kernels.SquaredDistance(change, _reference!);

        // NaN sorts before every number: such a candidate would win.
        return double.IsFinite(distance) ? distance : throw new NonFiniteActivationException(
            $"layer {candidate.Layer}, a trial of its transform: expected finite outputs of the block, found NaN or infinity."
            + " Check the weights of this layer and of those before it for values that are not finite or far too large.");
    }

    /// <summary>What the float block adds; the same for every candidate up to rounding, so computed once.</summary>
    private void EnsureReference(MambaBlock floating)
    {
        if (_reference is null)
        {
            using BlockState state = BlockState.Zero(_kernels, _config, _errorInputs.Shape[0]);
            _reference = floating.Change(_kernels, _errorInputs, state, seen: null);
            _referenceNorm = _kernels.SquaredNorm(_reference);
        }
    }

    /// <summary>What the steps that changed show on the sequences for ranges; null where no scale is fixed.</summary>
    private LayerStatistics? Observe(MambaBlock floating, BlockSteps changed, int layer)
    {
        if (_plan.Ranges.IsEmpty && !_plan.State)
        {
            return null;
        }

        using var observer = new LayerObserver(_kernels, _plan, layer, _config);
        _rangeRun.ToOutProj(floating, changed, observer).Dispose();
        return observer.ToStatistics();
    }

    private void Forget()
    {
        _layer?.Dispose();
        _layer = null;
        _rangeRun.Dispose();
        _errorRun.Dispose();
    }
}
