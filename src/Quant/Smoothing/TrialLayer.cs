using System.Collections.Immutable;
using MambaQuant.Quant.Kernels;
using MambaQuant.Quant.Models;
using MambaQuant.Quant.Quantization;
using MambaQuant.Quant.Rotations;
using MambaQuant.Quant.Statistics;

namespace MambaQuant.Quant.Smoothing;

/// <summary>A layer that is folded and quantized for one candidate after the other, each time only where the candidate differs from the one before.</summary>
/// <remarks>Weights are rounded to nearest. Keeps a second copy of the layer in fp32, and its codes.</remarks>
/// <param name="kernels">The backend.</param>
/// <param name="config">The model's dimensions.</param>
/// <param name="family">Sites and modules.</param>
/// <param name="scheme">What is quantized and how.</param>
/// <param name="original">The layer's weights before any candidate; not owned.</param>
internal sealed class TrialLayer(
    IKernels kernels, MambaConfig config, ModelFamily family, QuantizationScheme scheme, LayerWeights original) : IDisposable
{
    private readonly Dictionary<string, WeightCodes> _codes = new(StringComparer.Ordinal);
    private readonly Dictionary<ActivationSite, SiteQuantization> _inputs = [];
    private ImmutableArray<float>? _stateScales;
    private LayerWeights? _folded;
    private LayerTransform? _transform;

    /// <summary>The weights before any candidate.</summary>
    public LayerWeights Original => original;

    /// <summary>The weights with the candidate folded in.</summary>
    /// <exception cref="InvalidOperationException">There was no candidate yet.</exception>
    public LayerWeights Folded => _folded ?? throw new InvalidOperationException("no candidate was folded yet");

    /// <summary>Folds a candidate and rounds the weights that it changes.</summary>
    /// <param name="candidate">The transform.</param>
    /// <returns>Steps of the block, float or quantized, that compute something else than for the candidate before.</returns>
    public BlockSteps Apply(LayerTransform candidate)
    {
        BlockSteps changed;
        if (_transform is null)
        {
            _folded = LayerFolder.Fold(kernels, family, original, residual: null, candidate);
            Round(family.LayerModules);
            changed = BlockSteps.All;
        }
        else
        {
            ImmutableArray<FoldStep> folds = LayerFolder.Refold(kernels, family, original, Folded, _transform, candidate);
            Round(family.LayerModules.Where(module => folds.Any(fold => fold.Tensor == module.Weight)));
            changed = folds.Aggregate(BlockSteps.None, (sum, fold) => sum | StepsReading(fold));
        }

        _transform = candidate;
        return BlockStepTable.WithReaders(changed);
    }

    /// <summary>Fits the quantizers of activations that the candidate changes.</summary>
    /// <param name="changed">Steps that were observed.</param>
    /// <param name="statistics">What was observed in them; null where nothing gets a fixed scale.</param>
    public void Fit(BlockSteps changed, LayerStatistics? statistics)
    {
        foreach ((ActivationSite site, QuantizationArgs args) in LayerQuantizer.Inputs(family, scheme))
        {
            if (!_inputs.ContainsKey(site) || statistics?.Find(site) is not null)
            {
                _inputs[site] = LayerQuantizer.FitInput(original.Layer, site, args, statistics).Quantizer;
            }
        }

        if (changed.HasFlag(BlockSteps.Scan))
        {
            _stateScales = LayerQuantizer.FitState(original.Layer, scheme, statistics).Scales;
        }
    }

    /// <summary>The quantized layer; its parts stay here, so it is not to be disposed, and is valid until the next candidate.</summary>
    public QuantizedLayer Quantized() =>
        LayerQuantizer.Assemble(family, _transform!, scheme, Folded, _codes, _inputs, _stateScales);

    /// <inheritdoc/>
    public void Dispose()
    {
        _folded?.Dispose();
        foreach (WeightCodes codes in _codes.Values)
        {
            codes.Dispose();
        }

        _codes.Clear();
    }

    private void Round(IEnumerable<ModuleDefinition> modules)
    {
        foreach (ModuleDefinition module in modules)
        {
            if (scheme.Find(module.Name)?.Weights is { } args)
            {
                if (_codes.Remove(module.Name, out WeightCodes? before))
                {
                    before.Dispose();
                }

                _codes.Add(module.Name, WeightQuantizer.Round(kernels, Folded[module.Weight], args));
            }
        }
    }

    /// <summary>A weight with one scale over all of its rows changes in all of them.</summary>
    private BlockSteps StepsReading(FoldStep fold)
    {
        ModuleDefinition? module = family.LayerModules.FirstOrDefault(module => module.Weight == fold.Tensor);
        bool sharesScale = module is not null && scheme.Find(module.Name)?.Weights is { Strategy: QuantizationStrategy.Tensor };
        return BlockStepTable.StepsReading(sharesScale ? fold with { First = 0, Count = original[fold.Tensor].Shape[0], Axis = FoldAxis.Rows } : fold, config);
    }
}
