using System.Collections.Immutable;

namespace MambaQuant.Quant.Checkpoints;

/// <summary>What a KLT rotation does to the variances of its channels, beside what a Hadamard matrix alone would have done.</summary>
public sealed record RotationPicture
{
    /// <summary>Site name, such as "ResidualStream".</summary>
    public required string Site { get; init; }

    /// <summary>Whether variances are about the mean; else they are mean squares, as the recipe asked.</summary>
    public required bool Centered { get; init; }

    /// <summary>Variance per channel before the rotation, the site's smoothing folded in already.</summary>
    public required ChannelProfile Before { get; init; }

    /// <summary>Variance per channel after a plain Hadamard rotation: the diagonal of Hᵀ C H.</summary>
    public required ChannelProfile Hadamard { get; init; }

    /// <summary>Variance per channel after the rotation as it is: the diagonal of (K H)ᵀ C (K H).</summary>
    public required ChannelProfile Klt { get; init; }

    /// <summary>Ranks, from 1, at which the spectrum is kept: all of the first ones, then ever fewer; at most 256.</summary>
    public required ImmutableArray<int> SpectrumRanks { get; init; }

    /// <summary>The eigenvalues of the covariance at those ranks, the largest first.</summary>
    public required ImmutableArray<double> Spectrum { get; init; }
}
