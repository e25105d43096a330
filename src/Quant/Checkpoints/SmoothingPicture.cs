namespace MambaQuant.Quant.Checkpoints;

/// <summary>The smoothing factors of a site: activations are divided by them.</summary>
public sealed record SmoothingPicture
{
    /// <summary>Site name, such as "GateToOutProj".</summary>
    public required string Site { get; init; }

    /// <summary>The migration strength, 0 to 1; null where the search left the site alone.</summary>
    public double? Strength { get; init; }

    /// <summary>Factors per channel, geometric mean 1; null where the search left the site alone.</summary>
    public ChannelProfile? Factors { get; init; }
}
