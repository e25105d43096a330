namespace MambaQuant.Quant.Checkpoints;

/// <summary>How large the channels of an activation are before and after the transforms.</summary>
/// <remarks>What was not observed is null: ranges are where the scheme fixes them, variances where GPTQ reads second moments.</remarks>
public sealed record SitePicture
{
    /// <summary>Site name, such as "out_proj_input".</summary>
    public required string Site { get; init; }

    /// <summary>What a channel of the profiles is: "channel", or "state" for the recurrent state seen along its states.</summary>
    /// <value>"channel" by default.</value>
    public string Axis { get; init; } = "channel";

    /// <summary>Largest magnitude per channel in the original model.</summary>
    public ChannelProfile? MagnitudeBefore { get; init; }

    /// <summary>Largest magnitude per channel after the transforms.</summary>
    public ChannelProfile? MagnitudeAfter { get; init; }

    /// <summary>Variance per channel in the original model.</summary>
    public ChannelProfile? VarianceBefore { get; init; }

    /// <summary>Variance per channel after the transforms.</summary>
    public ChannelProfile? VarianceAfter { get; init; }
}
