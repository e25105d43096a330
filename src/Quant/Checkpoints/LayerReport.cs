using System.Collections.Immutable;

namespace MambaQuant.Quant.Checkpoints;

/// <summary>What quantization did to one layer, or to embeddings and head.</summary>
public sealed record LayerReport
{
    /// <summary>Weights, in the order of the data flow.</summary>
    public ImmutableArray<ModuleReport> Modules { get; init; } = [];

    /// <summary>Activations, in the order of the data flow.</summary>
    public ImmutableArray<SiteReport> Sites { get; init; } = [];

    /// <summary>Smoothing sites that the recipe has.</summary>
    public ImmutableArray<SmoothingReport> Smoothings { get; init; } = [];
}
