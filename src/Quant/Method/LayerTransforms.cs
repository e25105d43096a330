using System.Collections.Immutable;
using MambaQuant.Quant.Kernels;
using MambaQuant.Quant.Models;
using MambaQuant.Quant.Recipes;
using MambaQuant.Quant.Rotations;
using MambaQuant.Quant.Smoothing;
using MambaQuant.Quant.Statistics;
using MambaQuant.Quant.Tensors;

namespace MambaQuant.Quant.Method;

/// <summary>Turns a recipe into transforms: the rotation that all layers share, then layer by layer rotations and smoothing factors.</summary>
public static class LayerTransforms
{
    /// <summary>The rotation of the residual stream.</summary>
    /// <param name="context">Backend, model, recipe.</param>
    /// <param name="pooled">Second moment of r/rms(r) over the inputs of all norms; read for a KLT rotation only.</param>
    /// <returns>The rotation, or null where the recipe has none.</returns>
    public static Rotation? ResidualRotation(MethodContext context, SecondMoment? pooled)
    {
        ArgumentNullException.ThrowIfNull(context);
        const RotationSite site = RotationSite.ResidualStream;
        return context.Recipe.KltAt(site) is { } klt
            ? KltRotation.Compute(context.Kernels, site, pooled!, klt.Centered)
            : context.Recipe.RotationAt(site) is null ? null : Rotation.Hadamard(site, context.Family.Rotation(site).Width);
    }

    /// <summary>Chooses the smoothing of a layer and puts its transform together.</summary>
    /// <param name="context">Backend, model, recipe, cancellation.</param>
    /// <param name="rotated">The layer's weights, the rotation of the residual stream folded in.</param>
    /// <param name="statistics">What was observed of the layer before its transform; null where the recipe reads nothing.</param>
    /// <param name="samples">Residual stream before the layer, whole sequences from reset state, [B ≥ 2, L, d] F32, rotated; null where nothing is searched.</param>
    /// <returns>The transform, and what was chosen at each smoothing site.</returns>
    public static (LayerTransform Transform, ImmutableArray<SmoothingChoice> Smoothing) Choose(
        MethodContext context, LayerWeights rotated, LayerStatistics? statistics, Tensor? samples)
    {
        ImmutableArray<SmoothingChoice> choices = ChooseSmoothing(context, rotated, statistics, samples);
        return (Combine(context, rotated.Layer, statistics, choices), choices);
    }

    /// <summary>Chooses the smoothing of a layer.</summary>
    /// <inheritdoc cref="Choose" path="/param"/>
    /// <returns>What was chosen at each smoothing site of the recipe, in the family's order.</returns>
    public static ImmutableArray<SmoothingChoice> ChooseSmoothing(
        MethodContext context, LayerWeights rotated, LayerStatistics? statistics, Tensor? samples)
    {
        ArgumentNullException.ThrowIfNull(context);
        ArgumentNullException.ThrowIfNull(rotated);
        return ChooseSmoothing(context, rotated, statistics, samples, RotationsOf(context, rotated.Layer, statistics));
    }

    /// <summary>Puts the transform of a layer together once its smoothing is chosen.</summary>
    /// <param name="context">Backend, model, recipe.</param>
    /// <param name="layer">Index of the layer.</param>
    /// <param name="statistics">What was observed of the layer before its transform; null where the recipe reads nothing.</param>
    /// <param name="choices">What was chosen at each smoothing site.</param>
    public static LayerTransform Combine(
        MethodContext context, int layer, LayerStatistics? statistics, ImmutableArray<SmoothingChoice> choices)
    {
        ArgumentNullException.ThrowIfNull(context);
        return RotationsOf(context, layer, statistics).With(context.Kernels, Factors(context, choices));
    }

    private static LayerRotations RotationsOf(MethodContext context, int layer, LayerStatistics? statistics)
    {
        var settled = new LayerTransform(layer);
        foreach (HadamardRotationModifier modifier in context.Recipe.Modifiers.OfType<HadamardRotationModifier>())
        {
            if (modifier.Site != RotationSite.ResidualStream)
            {
                settled = settled.With(modifier.Site, Rotation.Hadamard(modifier.Site, context.Family.Rotation(modifier.Site).Width));
            }
        }

        KltRotationModifier? klt = context.Recipe.KltAt(RotationSite.TimeStepRank);
        SecondMoment? timeStep = klt is null ? null : statistics![context.Family.Rotation(RotationSite.TimeStepRank).Activation].Moment;
        return new LayerRotations(settled, timeStep, klt?.Centered ?? true);
    }

    private static ImmutableArray<SmoothingChoice> ChooseSmoothing(
        MethodContext context, LayerWeights rotated, LayerStatistics? statistics, Tensor? samples, LayerRotations rotations)
    {
        var sites = context.Recipe.Smoothings.ToDictionary(
            modifier => modifier.Site, modifier => new SmoothingGrid(modifier.Strength.Alpha, modifier.Strength.Grid));
        if (sites.Count == 0)
        {
            return [];
        }

        if (samples is null)
        {
            return Choose(trial: null);
        }

        IKernels kernels = context.Kernels;
        int half = samples.Shape[0] / 2;
        using Tensor rangeInputs = kernels.Rows(samples, 0, half);
        using Tensor errorInputs = kernels.Rows(samples, half, samples.Shape[0] - half);
        using var trial = new BlockTrial(kernels, context.Config, context.Family, context.Scheme, rangeInputs, errorInputs);
        return Choose(trial);

        ImmutableArray<SmoothingChoice> Choose(BlockTrial? trial) => SmoothingSearch.Choose(
            context.Kernels, context.Family, sites, rotated, statistics!, rotations, trial, context.Stepped, context.Cancellation);
    }

    /// <summary>The chosen factors; a gate that was better left alone gets ones, since a checkpoint stores S-SiLU for all layers or for none.</summary>
    private static Dictionary<SmoothingSite, ImmutableArray<double>> Factors(MethodContext context, ImmutableArray<SmoothingChoice> choices) => choices
        .Where(choice => choice.Factors is not null || choice.Site == SmoothingSite.GateToOutProj)
        .ToDictionary(
            choice => choice.Site,
            choice => choice.Factors ?? [.. Enumerable.Repeat(1.0, context.Family.Smoothing(choice.Site).Width)]);
}
