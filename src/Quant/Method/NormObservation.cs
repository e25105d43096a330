using MambaQuant.Quant.Models;
using MambaQuant.Quant.Rotations;
using MambaQuant.Quant.Statistics;
using MambaQuant.Quant.Tensors;

namespace MambaQuant.Quant.Method;

/// <summary>Observes a norm's input and output without running what lies behind it: the final norm, or that of a layer.</summary>
public static class NormObservation
{
    /// <summary>Observes.</summary>
    /// <param name="context">Backend, model, cancellation.</param>
    /// <param name="plan">What to observe; sites other than the two are passed over.</param>
    /// <param name="layer">Index of the layer; the number of layers for the final norm.</param>
    /// <param name="hidden">The residual stream before the norm.</param>
    /// <param name="output">The site of the norm's output.</param>
    /// <param name="weight">Weight of the norm, [d] F32.</param>
    /// <returns>Statistics under the layer's index.</returns>
    public static LayerStatistics Observe(
        MethodContext context, ObservationPlan plan, int layer, HiddenStates hidden, ActivationSite output, Tensor weight)
    {
        ArgumentNullException.ThrowIfNull(context);
        ArgumentNullException.ThrowIfNull(hidden);
        using var observer = new LayerObserver(context.Kernels, plan, layer, context.Config);
        for (int batch = 0; batch < hidden.Batches.Count; batch++)
        {
            context.Cancellation.ThrowIfCancellationRequested();
            observer.Shard = batch;
            Observe(context, observer, ActivationSite.ResidualStream, hidden.Batches[batch], weight: null);
            Observe(context, observer, output, hidden.Batches[batch], weight);
        }

        return observer.ToStatistics();
    }

    /// <summary>Statistics of a layer with the range of its norm's output as it is in the rotated basis, where the norm is smoothed.</summary>
    /// <param name="context">Backend, model, cancellation.</param>
    /// <param name="original">What the pass over the original model observed.</param>
    /// <param name="hidden">The rotated residual stream before the layer.</param>
    /// <param name="rotated">The layer's weights behind the rotation of the stream.</param>
    public static LayerStatistics InRotatedBasis(MethodContext context, LayerStatistics original, HiddenStates hidden, LayerWeights rotated)
    {
        ArgumentNullException.ThrowIfNull(context);
        ArgumentNullException.ThrowIfNull(original);
        ArgumentNullException.ThrowIfNull(rotated);
        ActivationSite site = context.Family.Smoothing(SmoothingSite.NormToInProj).Activation;
        var plan = new ObservationPlan { Ranges = [site] };
        LayerStatistics measured = Observe(context, plan, original.Layer, hidden, site, rotated[context.Family.NormWeight]);
        return new LayerStatistics(
            original.Layer,
            original.Sites.Where(other => other != site).Append(site).Select(other =>
                KeyValuePair.Create(other, other == site ? measured[site] : original[other])),
            original.State);
    }

    /// <summary>The range of a norm's output as it will be once the stream is rotated, from the stream of the original model.</summary>
    /// <param name="context">Backend, model, cancellation.</param>
    /// <param name="layer">Index of the layer.</param>
    /// <param name="hidden">The residual stream of the original model before the layer; it stays as it is.</param>
    /// <param name="ends">The rotation of the stream.</param>
    /// <returns>Statistics under the layer's index, of the site of the norm's output alone; the norm's weight is 1 behind the rotation.</returns>
    /// <remarks>Cost: tokens · d² multiply-adds in fp64 for a KLT rotation, a fast transform for a Hadamard one.</remarks>
    public static LayerStatistics OfRotated(MethodContext context, int layer, HiddenStates hidden, EndsFolder ends)
    {
        ArgumentNullException.ThrowIfNull(context);
        ArgumentNullException.ThrowIfNull(hidden);
        ArgumentNullException.ThrowIfNull(ends);
        ActivationSite site = context.Family.Smoothing(SmoothingSite.NormToInProj).Activation;
        using var observer = new LayerObserver(context.Kernels, new ObservationPlan { Ranges = [site] }, layer, context.Config);
        for (int batch = 0; batch < hidden.Batches.Count; batch++)
        {
            context.Cancellation.ThrowIfCancellationRequested();
            observer.Shard = batch;
            Tensor sequences = hidden.Batches[batch];
            using Tensor rows = context.Kernels.Reshape(sequences, new Shape(sequences.Shape.Rows, sequences.Shape.Columns));
            using Tensor rotated = ends.Embeddings(rows);
            Observe(context, observer, site, rotated, weight: null);
        }

        return observer.ToStatistics();
    }

    /// <summary>Statistics of a layer with the range of its norm's output taken from <see cref="OfRotated"/>.</summary>
    /// <param name="original">What the pass over the original model observed.</param>
    /// <param name="rotated">The range in the rotated basis.</param>
    public static LayerStatistics WithRotated(LayerStatistics original, LayerStatistics rotated)
    {
        ArgumentNullException.ThrowIfNull(original);
        ArgumentNullException.ThrowIfNull(rotated);
        return new LayerStatistics(
            original.Layer,
            original.Sites.Except(rotated.Sites).Select(site => KeyValuePair.Create(site, original[site]))
                .Concat(rotated.Sites.Select(site => KeyValuePair.Create(site, rotated[site]))),
            original.State);
    }

    private static void Observe(MethodContext context, LayerObserver observer, ActivationSite site, Tensor hidden, Tensor? weight)
    {
        if (!observer.Wants(site))
        {
            return;
        }

        using Tensor normed = context.Kernels.RmsNorm(hidden, weight, context.Config.NormEpsilon);
        observer.Observe(site, normed);
    }
}
