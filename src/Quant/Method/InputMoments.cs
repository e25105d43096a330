using MambaQuant.Quant.Models;
using MambaQuant.Quant.Rotations;
using MambaQuant.Quant.Statistics;

namespace MambaQuant.Quant.Method;

/// <summary>The second moments of what a transformed layer's modules read: carried over by algebra from the first pass, measured anew only where GPTQ is sequential.</summary>
/// <param name="context">Backend, recipe, cancellation.</param>
/// <param name="residual">The rotation of the residual stream, or null.</param>
/// <param name="transform">The layer's transform.</param>
/// <param name="folded">Its folded weights.</param>
/// <param name="original">First-pass statistics.</param>
/// <param name="transformed">Second-pass statistics.</param>
public sealed class InputMoments(
    MethodContext context, Rotation? residual, LayerTransform transform, LayerWeights folded, LayerStatistics? original, LayerStatistics? transformed)
{
    private readonly Dictionary<ActivationSite, (double[]? Before, double[] After)> _read = [];

    /// <summary>The variance of every channel of the sites that were asked for: in the original model, null where it was not observed, and now.</summary>
    /// <remarks>The original one of the norm's output is that of the residual stream, without the norm's weight.</remarks>
    public IReadOnlyDictionary<ActivationSite, (double[]? Before, double[] After)> Read => _read;

    /// <summary>The second moment at a site of the transformed layer.</summary>
    /// <param name="site">Input of a module.</param>
    /// <returns>The moment, or null where the first pass did not observe it.</returns>
    public SecondMoment? At(ActivationSite site)
    {
        context.Cancellation.ThrowIfCancellationRequested();
        SecondMoment? before = context.Recipe.Gptq is { Sequential: true }
            ? null
            : original?.Find(site == ActivationSite.InProjInput ? ActivationSite.ResidualStream : site)?.Moment;
        SecondMoment? after = context.Recipe.Gptq is { Sequential: true } ? transformed?.Find(site)?.Moment : before is null ? null : Carried(site, before);
        if (after is not null)
        {
            _read[site] = (before is null ? null : RotationPictures.Variances(before, centered: true), RotationPictures.Variances(after, centered: true));
        }

        return after;
    }

    private SecondMoment Carried(ActivationSite site, SecondMoment before) => site == ActivationSite.InProjInput
        ? SecondMomentTransfer.ToNormOutput(context.Kernels, before, residual, folded[context.Family.NormWeight])
        : SecondMomentTransfer.ToSite(context.Kernels, context.Family, site, before, transform);
}
