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
    /// <summary>The second moment at a site of the transformed layer.</summary>
    /// <param name="site">Input of a module.</param>
    /// <returns>The moment, or null where the first pass did not observe it.</returns>
    public SecondMoment? At(ActivationSite site)
    {
        context.Cancellation.ThrowIfCancellationRequested();
        if (context.Recipe.Gptq is { Sequential: true })
        {
            return transformed?.Find(site)?.Moment;
        }

        if (site == ActivationSite.InProjInput)
        {
            return original?.Find(ActivationSite.ResidualStream)?.Moment is { } stream
                ? SecondMomentTransfer.ToNormOutput(context.Kernels, stream, residual, folded[context.Family.NormWeight])
                : null;
        }

        return original?.Find(site)?.Moment is { } moment
            ? SecondMomentTransfer.ToSite(context.Kernels, context.Family, site, moment, transform)
            : null;
    }
}
