using System.Collections.Immutable;
using MambaQuant.Quant.Kernels;
using MambaQuant.Quant.Models;
using MambaQuant.Quant.Rotations;
using MambaQuant.Quant.Statistics;

namespace MambaQuant.Testing;

/// <summary>Makes transforms with random parameters, one modifier at a time or all together; none may change what a model computes.</summary>
public static class RandomTransforms
{
    /// <summary>Every single modifier by name, then "all" with KLT and "all, plain Hadamard".</summary>
    public static ImmutableArray<string> Names { get; } =
    [
        .. Enum.GetNames<RotationSite>().Select(site => $"Hadamard {site}"),
        $"Klt {RotationSite.ResidualStream}",
        $"Klt {RotationSite.TimeStepRank}",
        .. Enum.GetNames<SmoothingSite>().Select(site => $"Smoothing {site}"),
        "all",
        "all, plain Hadamard",
    ];

    /// <summary>Makes a transform.</summary>
    /// <param name="k">The backend that computes eigenvectors.</param>
    /// <param name="config">The model's dimensions.</param>
    /// <param name="name">One of <see cref="Names"/>.</param>
    /// <param name="seed">The seed.</param>
    public static ModelTransform Draw(IKernels k, MambaConfig config, string name, int seed)
    {
        ArgumentNullException.ThrowIfNull(config);
        var random = new Random(seed);
        ModelFamily family = MambaFamily.For(config);
        Rotation? residual = DrawRotation(RotationSite.ResidualStream);
        return new ModelTransform(residual, [.. Enumerable.Range(0, config.LayerCount).Select(DrawLayer)]);

        LayerTransform DrawLayer(int index)
        {
            var layer = new LayerTransform(index);
            foreach (RotationSiteDefinition site in family.Rotations.Where(site => site.Site != RotationSite.ResidualStream))
            {
                layer = layer.With(site.Site, DrawRotation(site.Site));
            }

            foreach (SmoothingSiteDefinition site in family.Smoothings)
            {
                layer = layer.With(site.Site, DrawFactors(site));
            }

            return layer;
        }

        Rotation? DrawRotation(RotationSite site)
        {
            RotationSiteDefinition definition = family.Rotation(site);
            bool folds = site is RotationSite.ResidualStream or RotationSite.TimeStepRank;
            if (name == $"Klt {site}" || (name == "all" && folds))
            {
                return KltRotation.Compute(k, site, DrawMoment(random, definition.Width), centered: random.Next(2) == 0);
            }

            return name == $"Hadamard {site}" || name.StartsWith("all", StringComparison.Ordinal)
                ? Rotation.Hadamard(site, definition.Width)
                : null;
        }

        ImmutableArray<double>? DrawFactors(SmoothingSiteDefinition site) =>
            name == $"Smoothing {site.Site}" || name.StartsWith("all", StringComparison.Ordinal)
                ? [.. Enumerable.Range(0, site.Width).Select(_ => Math.Exp((2 * random.NextDouble()) - 1))]
                : null;
    }

    /// <summary>The second moment of random activations: sometimes fewer tokens than channels, so that it has not full rank.</summary>
    /// <param name="random">The source of randomness.</param>
    /// <param name="channels">C.</param>
    public static SecondMoment DrawMoment(Random random, int channels)
    {
        ArgumentNullException.ThrowIfNull(random);
        int tokens = random.Next(1, 3 * channels);
        double[] scale = [.. Enumerable.Range(0, channels).Select(_ => Math.Exp(4 * random.NextDouble()))];
        double[] sum = new double[channels];
        double[] packed = new double[SecondMoment.PackedLength(channels)];
        for (int token = 0; token < tokens; token++)
        {
            double shared = random.NextDouble();
            double[] row = [.. scale.Select(value => value * (random.NextDouble() - 0.3 + shared))];
            int next = 0;
            for (int i = 0; i < channels; i++)
            {
                sum[i] += row[i];
                for (int j = 0; j <= i; j++)
                {
                    packed[next++] += row[i] * row[j];
                }
            }
        }

        return new SecondMoment(tokens, sum, packed);
    }
}
