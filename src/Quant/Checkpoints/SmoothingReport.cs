namespace MambaQuant.Quant.Checkpoints;

/// <summary>What was chosen at one smoothing site of a layer.</summary>
public sealed record SmoothingReport
{
    /// <summary>Site name, such as "GateToOutProj".</summary>
    public required string Site { get; init; }

    /// <summary>The migration strength, 0 to 1; null where the search left the site alone.</summary>
    public double? Strength { get; init; }

    /// <summary>Smallest factor.</summary>
    public double SmallestFactor { get; init; } = 1;

    /// <summary>Largest factor.</summary>
    public double LargestFactor { get; init; } = 1;

    /// <summary>Output error of the quantized block without this site, relative to the output; null where it was not searched.</summary>
    public double? ErrorBefore { get; init; }

    /// <summary>Output error with it.</summary>
    public double? ErrorAfter { get; init; }
}
