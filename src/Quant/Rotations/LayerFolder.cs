using System.Collections.Immutable;
using MambaQuant.Quant.Kernels;
using MambaQuant.Quant.Models;
using MambaQuant.Quant.Statistics;
using MambaQuant.Quant.Tensors;

namespace MambaQuant.Quant.Rotations;

/// <summary>Folds a transform into the weights of a layer, so that the layer computes the same with other activations.</summary>
/// <remarks>
/// Order of the folds: the norm weight γ into its consumers, then the rotation of the residual stream, then all smoothing,
/// then the layer's other rotations; so a site that is smoothed and rotated sees x ← x · diag(1/s) · T, and NormToInProj
/// divides in the rotated basis (without γ the norm commutes with every rotation). Which weight takes part in what is read from
/// the family's tables. Every weight is widened to fp64, folded, and rounded once, ties to even; one weight is held in
/// fp64 at a time. Folding folded weights again is composition, as long as later calls don't smooth what earlier ones rotated.
/// </remarks>
public static class LayerFolder
{
    /// <summary>Folds a transform into a copy of the weights.</summary>
    /// <param name="kernels">The backend of the weights.</param>
    /// <param name="family">The family's tables.</param>
    /// <param name="weights">The weights as they were read, F32; they stay as they are.</param>
    /// <param name="residual">The rotation of the residual stream, or null.</param>
    /// <param name="transform">The layer's own rotations and smoothing factors.</param>
    /// <returns>New weights, F32, under the same names; the caller disposes them.</returns>
    /// <remarks>Cost: a matrix product of the weight's size times the width for a KLT rotation, a fast transform for a Hadamard one.</remarks>
    /// <exception cref="UnsupportedSiteException">The family has no such site.</exception>
    /// <exception cref="ArgumentException">A rotation or a list of factors has another width than its site.</exception>
    public static LayerWeights Fold(
        IKernels kernels, ModelFamily family, LayerWeights weights, Rotation? residual, LayerTransform transform)
    {
        ArgumentNullException.ThrowIfNull(kernels);
        ArgumentNullException.ThrowIfNull(family);
        ArgumentNullException.ThrowIfNull(weights);
        ArgumentNullException.ThrowIfNull(transform);
        var folded = new LayerWeights(weights.Layer);
        bool complete = false;
        try
        {
            FoldInto(kernels, family, weights, residual, transform, weights.Names, folded);
            complete = true;
            return folded;
        }
        finally
        {
            if (!complete)
            {
                folded.Dispose();
            }
        }
    }

    /// <summary>Folds another transform in place of one that is folded already, into the weights that it changes and no others.</summary>
    /// <param name="kernels">The backend of the weights.</param>
    /// <param name="family">The family's tables.</param>
    /// <param name="weights">The weights without either transform, F32; they stay as they are.</param>
    /// <param name="folded">The weights with <paramref name="before"/> folded in; become those that <see cref="Fold"/> gives for <paramref name="after"/>, bit by bit.</param>
    /// <param name="before">The transform so far.</param>
    /// <param name="after">The transform from now on.</param>
    /// <returns>What changed: every fold of the sites at which the transforms differ.</returns>
    /// <exception cref="UnsupportedSiteException">The family has no such site.</exception>
    /// <exception cref="ArgumentException">A rotation or a list of factors has another width than its site.</exception>
    internal static ImmutableArray<FoldStep> Refold(
        IKernels kernels, ModelFamily family, LayerWeights weights, LayerWeights folded, LayerTransform before, LayerTransform after)
    {
        ImmutableArray<FoldStep> changed =
        [
            .. family.Smoothings.Where(definition => !Same(before.Find(definition.Site), after.Find(definition.Site)))
                .SelectMany(definition => definition.Folds),
            .. family.Rotations.Where(definition => before.Find(definition.Site) != after.Find(definition.Site))
                .SelectMany(definition => definition.Folds),
        ];
        IEnumerable<string> names = changed.Select(step => step.Tensor).Distinct(StringComparer.Ordinal);
        FoldInto(kernels, family, weights, residual: null, after, names.Where(name => weights.TryGet(name, out _)), folded);
        return changed;

        static bool Same(ImmutableArray<double>? a, ImmutableArray<double>? b) =>
            a is { } first && b is { } second ? first.AsSpan().SequenceEqual(second.AsSpan()) : a is null && b is null;
    }

    /// <summary>What a transform leaves for run time.</summary>
    /// <param name="kernels">The backend.</param>
    /// <param name="family">The family's tables.</param>
    /// <param name="transform">The layer's transform.</param>
    /// <returns>Fast transforms and the vector of S-SiLU; the caller disposes it.</returns>
    /// <exception cref="UnsupportedSiteException">The family has no such site, or an online site has a rotation without a fast transform.</exception>
    public static OnlineTransforms Online(IKernels kernels, ModelFamily family, LayerTransform transform)
    {
        ArgumentNullException.ThrowIfNull(kernels);
        ArgumentNullException.ThrowIfNull(family);
        ArgumentNullException.ThrowIfNull(transform);
        foreach ((RotationSite site, Rotation rotation) in transform.Rotations)
        {
            RotationSiteDefinition definition = family.Rotation(site);
            EnsureWidth($"the rotation at {site}", definition.Width, rotation.Width);
            if (definition.IsOnline && rotation.Kind != RotationKind.Hadamard)
            {
                throw new UnsupportedSiteException(
                    $"the rotation at {site} runs online, and only a Hadamard rotation has a fast transform; found {rotation.Kind}."
                    + $" Use HadamardRotation at {site} in the recipe.");
            }
        }

        HadamardTransform? Fast(RotationSite site) =>
            transform.Find(site) is Rotation rotation ? HadamardMatrix.Transform(kernels, rotation.Width) : null;
        return new OnlineTransforms
        {
            XProjInput = Fast(RotationSite.XProjInput),
            OutProjInput = Fast(RotationSite.OutProjInput),
            ScanState = Fast(RotationSite.ScanState),
            GateSmoothing = transform.Find(SmoothingSite.GateToOutProj) is ImmutableArray<double> factors
                ? kernels.Upload<float>(Array.ConvertAll(factors.ToArray(), factor => (float)factor), new Shape(factors.Length))
                : null,
        };
    }

    private static void FoldInto(
        IKernels kernels,
        ModelFamily family,
        LayerWeights weights,
        Rotation? residual,
        LayerTransform transform,
        IEnumerable<string> names,
        LayerWeights folded)
    {
        var loaded = new List<LoadedRotation>();
        try
        {
            ILookup<string, WeightFold> folds = Plan(kernels, family, weights, residual, transform, loaded).ToLookup(fold => fold.Tensor);
            foreach (string name in names)
            {
                // With the residual stream rotated γ stands in the consumers, and the norm starts from 1.
                using Tensor? ones = residual is not null && name == family.NormWeight ? Ones(kernels, weights[name].Shape) : null;
                folded[name] = Apply(kernels, ones ?? weights[name], folds[name]);
            }
        }
        finally
        {
            loaded.ForEach(rotation => rotation.Dispose());
        }
    }

    private static List<WeightFold> Plan(
        IKernels kernels,
        ModelFamily family,
        LayerWeights weights,
        Rotation? residual,
        LayerTransform transform,
        List<LoadedRotation> loaded)
    {
        var folds = new List<WeightFold>();
        if (residual is not null)
        {
            folds.AddRange(NormIntoConsumers(kernels, family, weights));
            folds.AddRange(Rotate(RotationSite.ResidualStream, residual));
        }

        foreach ((SmoothingSite site, ImmutableArray<double> factors) in transform.Smoothing)
        {
            SmoothingSiteDefinition definition = family.Smoothing(site);
            EnsureWidth($"smoothing at {site}", definition.Width, factors.Length);
            folds.AddRange(definition.Folds.Select(step => WeightFold.Scale(step, factors)));
        }

        foreach ((RotationSite site, Rotation rotation) in transform.Rotations)
        {
            folds.AddRange(Rotate(site, rotation));
        }

        return folds;

        IEnumerable<WeightFold> Rotate(RotationSite site, Rotation rotation)
        {
            RotationSiteDefinition definition = family.Rotation(site);
            EnsureWidth($"the rotation at {site}", definition.Width, rotation.Width);
            var onDevice = new LoadedRotation(kernels, rotation);
            loaded.Add(onDevice);
            return definition.Folds.Select(step => WeightFold.Rotation(step, onDevice));
        }
    }

    private static IEnumerable<WeightFold> NormIntoConsumers(IKernels kernels, ModelFamily family, LayerWeights weights)
    {
        ImmutableArray<double> gamma = [.. kernels.ToArray<float>(weights[family.NormWeight]).Select(value => (double)value)];
        return family.NormConsumers.Select(name => WeightFold.Scale(new FoldStep(name, FoldAxis.Columns, 0, gamma.Length), gamma));
    }

    private static Tensor Apply(IKernels kernels, Tensor weight, IEnumerable<WeightFold> folds)
    {
        if (!folds.Any())
        {
            return kernels.Clone(weight);
        }

        using Tensor wide = kernels.ToDouble(weight);
        foreach (WeightFold fold in folds)
        {
            fold.Apply(kernels, wide);
        }

        return kernels.ToSingle(wide);
    }

    private static Tensor Ones(IKernels kernels, Shape shape)
    {
        float[] ones = new float[shape.ElementCount];
        Array.Fill(ones, 1);
        return kernels.Upload<float>(ones, shape);
    }

    private static void EnsureWidth(string what, int expected, int found)
    {
        if (expected != found)
        {
            throw new ArgumentException($"{what}: {expected} channels are expected, found {found}; the transform is of another model");
        }
    }
}
