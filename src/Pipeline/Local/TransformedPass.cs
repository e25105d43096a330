using System.Collections.Immutable;
using MambaQuant.Pipeline.Planning;
using MambaQuant.Quant.Inference;
using MambaQuant.Quant.Kernels;
using MambaQuant.Quant.Models;
using MambaQuant.Quant.Quantization;
using MambaQuant.Quant.Recipes;
using MambaQuant.Quant.Rotations;
using MambaQuant.Quant.Smoothing;
using MambaQuant.Quant.Statistics;
using MambaQuant.Quant.Tensors;

namespace MambaQuant.Pipeline.Local;

/// <summary>The second pass, layer by layer: choose smoothing, fold, observe, quantize.</summary>
/// <remarks>A layer's second pass needs its own first-pass statistics and the residual rotation, nothing of later layers: one layer is in memory at a time.</remarks>
internal sealed class TransformedPass
{
    private readonly Run _run;
    private readonly Rotation? _residual;
    private readonly EndsFolder? _ends;
    private readonly ObservationPlan _plan;
    private readonly bool _observes;

    /// <summary>Prepares the pass.</summary>
    /// <param name="run">The run.</param>
    /// <param name="residual">The rotation of the residual stream, or null.</param>
    /// <param name="ends">The same rotation on the device, or null; not owned.</param>
    public TransformedPass(Run run, Rotation? residual, EndsFolder? ends)
    {
        _run = run;
        _residual = residual;
        _ends = ends;
        _plan = ObservationPlans.Transformed(run.Recipe, run.Family);
        _observes = ObservationPlans.IsNeeded(_plan) || SmoothsRotatedNorm;
    }

    private QuantizationScheme Scheme => _run.Recipe.Quantization!.Scheme;

    /// <summary>Whether the norm's output is smoothed in a rotated basis, in which the first pass could not measure it.</summary>
    private bool SmoothsRotatedNorm => _residual is not null && _run.Recipe.SmoothingAt(SmoothingSite.NormToInProj) is not null;

    /// <summary>Runs the pass.</summary>
    /// <param name="finished">Takes each quantized layer, in order; the layer is disposed behind the call.</param>
    /// <returns>Statistics of the head's input, or null where nothing fixes a scale.</returns>
    public LayerStatistics? Run(Action<LayerOutcome> finished)
    {
        using HiddenStates? hidden = _observes ? Embed() : null;
        for (int layer = 0; layer < _run.Config.LayerCount; layer++)
        {
            _run.Cancellation.ThrowIfCancellationRequested();
            RunLayer(layer, hidden, finished);
        }

        if (hidden is null)
        {
            return null;
        }

        using Tensor norm = _run.Checkpoint.LoadFinalNorm(_run.Kernels);
        using Tensor? ones = _ends?.FinalNorm();
        return NormObservation.Observe(_run, _plan, _run.Config.LayerCount, hidden, ActivationSite.HeadInput, ones ?? norm);
    }

    private HiddenStates Embed()
    {
        HiddenStates hidden = OriginalPass.Embed(_run);
        if (_ends is not null)
        {
            hidden.Transform(_run.Kernels, _ends.Embeddings);
        }

        return hidden;
    }

    private void RunLayer(int layer, HiddenStates? hidden, Action<LayerOutcome> finished)
    {
        IKernels kernels = _run.Kernels;
        using LayerWeights weights = _run.Checkpoint.LoadLayer(kernels, layer);
        LayerStatistics? original = _run.Scratch.ReadOriginalStatistics(layer);
        (LayerWeights folded, LayerTransform transform, ImmutableArray<SmoothingChoice> choices) = Fold(weights, original, hidden);
        using OnlineTransforms online = LayerFolder.Online(kernels, _run.Family, transform);
        using MambaBlock block = FloatBlock.Build(kernels, _run.Config, folded, online);
        LayerStatistics? transformed = Observe(block, hidden, layer);

        _run.Clock.Report(Stages.Quantize, layer, _run.Config.LayerCount, "layers");
        var moments = new InputMoments(_run, _residual, transform, folded, original, transformed);
        (QuantizedLayer quantized, LayerQuantizationReport report) = LayerQuantizer.Quantize(
            kernels, _run.Family, folded, transform, Scheme, transformed, _run.Recipe.Gptq?.ToOptions(), moments.At);
        using QuantizedLayer owned = quantized;
        if (_run.Recipe.Gptq is { Sequential: true } && hidden is not null)
        {
            using MambaBlock inCodes = QuantizedBlock.Build(kernels, _run.Config, quantized, QuantizedArithmetic.Integer);
            _run.Advance(Stages.ObserveTransformed, hidden, inCodes, layer, observer: null);
        }

        finished(new LayerOutcome(quantized, report, weights, choices, original));
        _run.Scratch.Forget(layer);
        _run.Clock.Report(Stages.Quantize, layer + 1, _run.Config.LayerCount, "layers");
    }

    /// <summary>Chooses the layer's smoothing and folds its whole transform.</summary>
    private (LayerWeights Folded, LayerTransform Transform, ImmutableArray<SmoothingChoice> Choices) Fold(
        LayerWeights weights, LayerStatistics? original, HiddenStates? hidden)
    {
        int layer = weights.Layer;
        using LayerWeights rotated = LayerFolder.Fold(_run.Kernels, _run.Family, weights, _residual, new LayerTransform(layer));
        LayerRotations rotations = LayerRotationsOf(layer, original);
        LayerStatistics? magnitudes = SmoothsRotatedNorm ? WithRotatedNorm(original!, hidden!, rotated) : original;
        ImmutableArray<SmoothingChoice> choices = ChooseSmoothing(layer, rotated, magnitudes, rotations);
        LayerTransform transform = rotations.With(_run.Kernels, Factors(choices));
        return (LayerFolder.Fold(_run.Kernels, _run.Family, rotated, residual: null, transform), transform, choices);
    }

    private LayerRotations LayerRotationsOf(int layer, LayerStatistics? original)
    {
        var settled = new LayerTransform(layer);
        foreach (HadamardRotationModifier modifier in _run.Recipe.Modifiers.OfType<HadamardRotationModifier>())
        {
            if (modifier.Site != RotationSite.ResidualStream)
            {
                settled = settled.With(modifier.Site, Rotation.Hadamard(modifier.Site, _run.Family.Rotation(modifier.Site).Width));
            }
        }

        KltRotationModifier? klt = _run.Recipe.KltAt(RotationSite.TimeStepRank);
        SecondMoment? timeStep = klt is null ? null : original![_run.Family.Rotation(RotationSite.TimeStepRank).Activation].Moment;
        return new LayerRotations(settled, timeStep, klt?.Centered ?? true);
    }

    private ImmutableArray<SmoothingChoice> ChooseSmoothing(
        int layer, LayerWeights rotated, LayerStatistics? magnitudes, LayerRotations rotations)
    {
        var sites = _run.Recipe.Smoothings.ToDictionary(
            modifier => modifier.Site, modifier => new SmoothingGrid(modifier.Strength.Alpha, modifier.Strength.Grid));
        if (sites.Count == 0)
        {
            return [];
        }

        _run.Clock.Report(Stages.SearchSmoothing, layer, _run.Config.LayerCount, "layers");
        if (sites.Values.All(grid => grid.Alpha is not null))
        {
            return Choose(trial: null);
        }

        using Tensor samples = Samples(layer);
        int half = samples.Shape[0] / 2;
        using Tensor rangeInputs = _run.Kernels.Rows(samples, 0, half);
        using Tensor errorInputs = _run.Kernels.Rows(samples, half, samples.Shape[0] - half);
        using var trial = new BlockTrial(_run.Kernels, _run.Config, _run.Family, Scheme, rangeInputs, errorInputs);
        return Choose(trial);

        ImmutableArray<SmoothingChoice> Choose(BlockTrial? trial)
        {
            ImmutableArray<SmoothingChoice> choices = SmoothingSearch.Choose(
                _run.Kernels, _run.Family, sites, rotated, magnitudes!, rotations, trial, _run.Cancellation);
            _run.Clock.Report(Stages.SearchSmoothing, layer + 1, _run.Config.LayerCount, "layers");
            return choices;
        }
    }

    /// <summary>First-pass statistics with the magnitudes of the norm's output as they are in the rotated basis.</summary>
    private LayerStatistics WithRotatedNorm(LayerStatistics original, HiddenStates hidden, LayerWeights rotated)
    {
        ActivationSite site = _run.Family.Smoothing(SmoothingSite.NormToInProj).Activation;
        var plan = new ObservationPlan { Ranges = [site] };
        LayerStatistics measured = NormObservation.Observe(_run, plan, original.Layer, hidden, site, rotated[_run.Family.NormWeight]);
        return new LayerStatistics(
            original.Layer,
            original.Sites.Where(other => other != site).Append(site).Select(other =>
                KeyValuePair.Create(other, other == site ? measured[site] : original[other])),
            original.State);
    }

    /// <summary>The chosen factors; a gate that was better left alone gets ones, since a checkpoint stores S-SiLU for all layers or for none.</summary>
    private Dictionary<SmoothingSite, ImmutableArray<double>> Factors(ImmutableArray<SmoothingChoice> choices) => choices
        .Where(choice => choice.Factors is not null || choice.Site == SmoothingSite.GateToOutProj)
        .ToDictionary(
            choice => choice.Site,
            choice => choice.Factors ?? [.. Enumerable.Repeat(1.0, _run.Family.Smoothing(choice.Site).Width)]);

    /// <summary>The sampled inputs of a layer in the basis of the rotated stream.</summary>
    private Tensor Samples(int layer)
    {
        Tensor samples = OriginalPass.LoadSamples(_run, layer);
        if (_ends is null)
        {
            return samples;
        }

        using (samples)
        {
            using Tensor rows = _run.Kernels.Reshape(samples, new Shape(samples.Shape.Rows, samples.Shape.Columns));
            using Tensor rotated = _ends.Embeddings(rows);
            Tensor result = _run.Kernels.Allocate(DType.F32, samples.Shape);
            _run.Kernels.Copy(rotated, result);
            return result;
        }
    }

    private LayerStatistics? Observe(MambaBlock block, HiddenStates? hidden, int layer)
    {
        if (hidden is null)
        {
            return null;
        }

        using var observer = new LayerObserver(_run.Kernels, _plan, layer, _run.Config);
        if (_run.Recipe.Gptq is { Sequential: true })
        {
            hidden.Visit(_run.Kernels, block, observer);
        }
        else
        {
            _run.Advance(Stages.ObserveTransformed, hidden, block, layer, observer);
        }

        return observer.ToStatistics();
    }
}
