using System.Collections.Immutable;

namespace MambaQuant.Quant.Models;

/// <summary>What distinguishes a kind of model: its modules, and which weights take part in which transform.</summary>
/// <remarks>Folding, smoothing, quantizers and checkpoints read these tables and know nothing else of the family.</remarks>
public sealed record ModelFamily
{
    /// <summary>The "model_type" of config.json.</summary>
    public required string Name { get; init; }

    /// <summary>Quantizable modules of one layer, in the order of the data flow.</summary>
    public required ImmutableArray<ModuleDefinition> LayerModules { get; init; }

    /// <summary>The embedding table.</summary>
    public required ModuleDefinition Embeddings { get; init; }

    /// <summary>The language-model head.</summary>
    public required ModuleDefinition Head { get; init; }

    /// <summary>Norm weight of a layer, folded into the columns of <see cref="NormConsumers"/> when the residual stream is rotated.</summary>
    public required string NormWeight { get; init; }

    /// <summary>Weights that read the normed residual stream.</summary>
    public required ImmutableArray<string> NormConsumers { get; init; }

    /// <summary>Rotation sites.</summary>
    public required ImmutableArray<RotationSiteDefinition> Rotations { get; init; }

    /// <summary>Smoothing sites, in the order in which they are searched.</summary>
    public required ImmutableArray<SmoothingSiteDefinition> Smoothings { get; init; }

    /// <summary>Values per token at every site of a layer and of the head.</summary>
    public required ImmutableDictionary<ActivationSite, int> SiteWidths { get; init; }

    /// <summary>The definition of a rotation site.</summary>
    /// <param name="site">The site.</param>
    /// <exception cref="UnsupportedSiteException">The family has no such site.</exception>
    public RotationSiteDefinition Rotation(RotationSite site) =>
        Rotations.FirstOrDefault(definition => definition.Site == site) ?? throw new UnsupportedSiteException(Name, site.ToString());

    /// <summary>The definition of a smoothing site.</summary>
    /// <param name="site">The site.</param>
    /// <exception cref="UnsupportedSiteException">The family has no such site.</exception>
    public SmoothingSiteDefinition Smoothing(SmoothingSite site) =>
        Smoothings.FirstOrDefault(definition => definition.Site == site) ?? throw new UnsupportedSiteException(Name, site.ToString());

    /// <summary>The definition of a layer module.</summary>
    /// <param name="name">Its short name.</param>
    /// <exception cref="UnsupportedSiteException">The family has no such module.</exception>
    public ModuleDefinition Module(string name) =>
        LayerModules.FirstOrDefault(module => module.Name == name) ?? throw new UnsupportedSiteException(Name, name);
}
