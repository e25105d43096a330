using System.Collections.Immutable;
using MambaQuant.Quant.Inference;
using MambaQuant.Quant.Kernels;
using MambaQuant.Quant.Method;
using MambaQuant.Quant.Models;
using MambaQuant.Quant.Quantization;
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
    private readonly MethodContext _context;
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
        _context = run.Context;
        _residual = residual;
        _ends = ends;
        _plan = ObservationPlans.Transformed(_context.Recipe, _context.Family);
        _observes = ObservationPlans.IsNeeded(_plan) || _context.SmoothsRotatedNorm;
    }

    /// <summary>Runs the pass.</summary>
    /// <param name="finished">Takes each quantized layer, in order; the layer is disposed behind the call.</param>
    /// <returns>Statistics of the head's input, or null where nothing fixes a scale.</returns>
    public LayerStatistics? Run(Action<LayerOutcome> finished)
    {
        using HiddenStates? hidden = _observes ? HiddenStates.Embed(_context, _run.Sequences, _ends) : null;
        for (int layer = 0; layer < _run.Config.LayerCount; layer++)
        {
            _context.Cancellation.ThrowIfCancellationRequested();
            RunLayer(layer, hidden, finished);
        }

        if (hidden is null)
        {
            return null;
        }

        using Tensor norm = _context.Checkpoint.LoadFinalNorm(_run.Kernels);
        using Tensor? ones = _ends?.FinalNorm();
        return NormObservation.Observe(_context, _plan, _run.Config.LayerCount, hidden, ActivationSite.HeadInput, ones ?? norm);
    }

    private void RunLayer(int layer, HiddenStates? hidden, Action<LayerOutcome> finished)
    {
        IKernels kernels = _run.Kernels;
        using LayerWeights weights = _context.Checkpoint.LoadLayer(kernels, layer);
        LayerStatistics? original = _run.Scratch.ReadOriginalStatistics(layer);
        (LayerWeights folded, LayerTransform transform, ImmutableArray<SmoothingChoice> choices) = Fold(weights, original, hidden);
        using OnlineTransforms online = LayerFolder.Online(kernels, _context.Family, transform);
        using MambaBlock block = FloatBlock.Build(kernels, _run.Config, folded, online);
        LayerStatistics? transformed = Observe(block, hidden, layer);

        _run.Clock.Report(Stages.Quantize, layer, _run.Config.LayerCount, "layers");
        var moments = new InputMoments(_context, _residual, transform, folded, original, transformed);
        (QuantizedLayer quantized, LayerQuantizationReport report) = LayerQuantizer.Quantize(
            kernels, _context.Family, folded, transform, _context.Scheme, transformed, _context.Recipe.Gptq?.ToOptions(), moments.At);
        using QuantizedLayer owned = quantized;
        if (_context.Recipe.Gptq is { Sequential: true } && hidden is not null)
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
        IKernels kernels = _run.Kernels;
        using LayerWeights rotated = LayerFolder.Fold(kernels, _context.Family, weights, _residual, new LayerTransform(weights.Layer));
        LayerStatistics? magnitudes =
            _context.SmoothsRotatedNorm ? NormObservation.InRotatedBasis(_context, original!, hidden!, rotated) : original;
        (LayerTransform transform, ImmutableArray<SmoothingChoice> choices) = Choose(rotated, magnitudes);
        return (LayerFolder.Fold(kernels, _context.Family, rotated, residual: null, transform), transform, choices);
    }

    private (LayerTransform Transform, ImmutableArray<SmoothingChoice> Choices) Choose(LayerWeights rotated, LayerStatistics? magnitudes)
    {
        if (!_context.Recipe.Smoothings.Any())
        {
            return LayerTransforms.Choose(_context, rotated, magnitudes, samples: null);
        }

        _run.Clock.Report(Stages.SearchSmoothing, rotated.Layer, _run.Config.LayerCount, "layers");
        using Tensor? samples = _context.Searches
            ? HiddenStates.Rotate(_run.Kernels, OriginalPass.LoadSamples(_run, rotated.Layer), _ends)
            : null;
        (LayerTransform transform, ImmutableArray<SmoothingChoice> choices) = LayerTransforms.Choose(_context, rotated, magnitudes, samples);
        _run.Clock.Report(Stages.SearchSmoothing, rotated.Layer + 1, _run.Config.LayerCount, "layers");
        return (transform, choices);
    }

    private LayerStatistics? Observe(MambaBlock block, HiddenStates? hidden, int layer)
    {
        if (hidden is null)
        {
            return null;
        }

        using var observer = new LayerObserver(_run.Kernels, _plan, layer, _run.Config);
        if (_context.Recipe.Gptq is { Sequential: true })
        {
            hidden.Visit(_run.Kernels, block, observer, _context.Cancellation);
        }
        else
        {
            _run.Advance(Stages.ObserveTransformed, hidden, block, layer, observer);
        }

        return observer.ToStatistics();
    }
}
