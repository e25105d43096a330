namespace MambaQuant.Quant.Checkpoints;

/// <summary>Options of <see cref="QuantizedCheckpointWriter"/>.</summary>
public sealed record QuantizedCheckpointOptions
{
    /// <summary>Bytes of weights at which a new file begins.</summary>
    /// <value>5 · 10⁹ by default, as Hugging Face cuts; at least 1.</value>
    public long MaxShardBytes { get; init; } = 5_000_000_000;

    /// <summary>Program and version, as they stand in config.json and manifest.json.</summary>
    /// <value>"MambaQuant.Distributed" with the version of this library, by default.</value>
    public string Producer { get; init; } = $"MambaQuant.Distributed {typeof(QuantizedCheckpointOptions).Assembly.GetName().Version!.ToString(3)}";
}
