using System.Collections.Immutable;
using MambaQuant.Quant.Checkpoints;
using MambaQuant.Quant.Kernels;
using MambaQuant.Quant.Models;
using MambaQuant.Quant.Rotations;
using MambaQuant.Quant.Statistics;
using MambaQuant.Quant.Tensors;

namespace MambaQuant.Quant.Method;

/// <summary>Measures what a KLT rotation T = K H does to the variances of its channels.</summary>
internal static class RotationPictures
{
    private const int MostRanks = 256;

    // Values that come from the device at once: 8 MiB, small beside a covariance.
    private const int TravellingValues = 1 << 20;

    /// <summary>Draws a rotation.</summary>
    /// <param name="kernels">The backend.</param>
    /// <param name="site">The site.</param>
    /// <param name="moment">The second moment that the rotation was made from.</param>
    /// <param name="rotation">The rotation; a KLT.</param>
    /// <param name="centered">Whether the mean was taken off.</param>
    /// <remarks>
    /// The diagonal of Tᵀ C T is measured, not taken from what it should be: column j of C T times column j of T. C K gives the eigenvalues
    /// and, by a fast transform of its rows, C T. Cost: w³ multiply-adds for C K, the rest w² log w. Holds 24·w² bytes on the device.
    /// </remarks>
    public static RotationPicture Of(IKernels kernels, RotationSite site, SecondMoment moment, Rotation rotation, bool centered)
    {
        int width = rotation.Width;
        var shape = new Shape(width, width);
        using Tensor covariance = kernels.Upload<double>(moment.Covariance(centered), shape);
        using Tensor vectors = kernels.Upload(rotation.Eigenvectors, shape);
        using HadamardTransform fast = HadamardMatrix.Transform(kernels, width);
        using Tensor product = kernels.Multiply(covariance, vectors, transposeA: false, transposeB: false);
        double[] eigenvalues = ColumnProducts(kernels, product, vectors);
        kernels.WalshHadamard(product, fast);
        kernels.WalshHadamard(vectors, fast);
        double[] klt = ColumnProducts(kernels, product, vectors);
        kernels.WalshHadamard(covariance, fast);
        using Tensor hadamard = kernels.Upload<double>(HadamardMatrix.Dense(width), shape);
        double[] plain = ColumnProducts(kernels, covariance, hadamard);
        Array.Sort(eigenvalues, (a, b) => b.CompareTo(a));
        ImmutableArray<int> ranks = Ranks(width);
        return new RotationPicture
        {
            Site = site.ToString(),
            Centered = centered,
            Before = ChannelProfile.Of(Variances(moment, centered), withSmallest: true),
            Hadamard = ChannelProfile.Of(plain, withSmallest: true),
            Klt = ChannelProfile.Of(klt, withSmallest: true),
            SpectrumRanks = ranks,
            Spectrum = [.. ranks.Select(rank => ChannelProfile.Round(eigenvalues[rank - 1]))],
        };
    }

    /// <summary>The diagonal of a covariance.</summary>
    /// <param name="moment">The moment; holds tokens.</param>
    /// <param name="centered">Whether the mean is taken off.</param>
    /// <returns>[C].</returns>
    public static double[] Variances(SecondMoment moment, bool centered)
    {
        double[] mean = moment.Mean();
        double[] variances = new double[moment.Channels];
        for (int channel = 0; channel < variances.Length; channel++)
        {
            // Entry (i, i) of a packed triangle ends row i.
            double square = moment.Packed[SecondMoment.PackedLength(channel + 1) - 1] / moment.Count;
            variances[channel] = square - (centered ? mean[channel] * mean[channel] : 0);
        }

        return variances;
    }

    /// <summary>Σ over rows of a ∘ b, column by column: rows in order, in fp64.</summary>
    private static double[] ColumnProducts(IKernels kernels, Tensor a, Tensor b)
    {
        int rows = a.Shape[0], columns = a.Shape.Columns, atOnce = Math.Max(1, TravellingValues / columns);
        double[] sums = new double[columns];
        for (int first = 0; first < rows; first += atOnce)
        {
            int count = Math.Min(atOnce, rows - first);
            using Tensor rowsOfA = kernels.Rows(a, first, count);
            using Tensor rowsOfB = kernels.Rows(b, first, count);
            double[] left = kernels.ToArray<double>(rowsOfA), right = kernels.ToArray<double>(rowsOfB);
            for (int row = 0; row < count; row++)
            {
                for (int column = 0; column < columns; column++)
                {
                    sums[column] += left[(row * columns) + column] * right[(row * columns) + column];
                }
            }
        }

        return sums;
    }

    /// <summary>Ranks from 1 to the width: each step grows by a fixed share, at least 1, so that on a logarithmic axis they lie evenly.</summary>
    internal static ImmutableArray<int> Ranks(int width)
    {
        for (int share = MostRanks; ; share = share * 3 / 4)
        {
            var ranks = ImmutableArray.CreateBuilder<int>();
            for (int rank = 1; rank < width; rank += Math.Max(1, rank / share))
            {
                ranks.Add(rank);
            }

            ranks.Add(width);
            if (ranks.Count <= MostRanks)
            {
                return ranks.ToImmutable();
            }
        }
    }
}
