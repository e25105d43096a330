using System.Collections.Immutable;

namespace MambaQuant.Quant.Checkpoints;

/// <summary>What quantization did to a model, layer by layer and site by site: the content of report.json and report.md.</summary>
/// <remarks>Plain numbers that the pipeline measured; the same inputs give the same report.</remarks>
public sealed record CheckpointReport
{
    /// <summary>Name of the recipe.</summary>
    public required string Recipe { get; init; }

    /// <summary>Name of the scheme, such as "W4A8".</summary>
    public required string Scheme { get; init; }

    /// <summary>Bytes of the float checkpoint's tensors.</summary>
    public required long FloatBytes { get; init; }

    /// <summary>Bytes of the quantized checkpoint's tensors.</summary>
    public required long QuantizedBytes { get; init; }

    /// <summary>Embeddings and head.</summary>
    public required LayerReport Ends { get; init; }

    /// <summary>The layers in order.</summary>
    public required ImmutableArray<LayerReport> Layers { get; init; }
}
