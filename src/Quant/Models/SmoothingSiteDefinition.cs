using System.Collections.Immutable;

namespace MambaQuant.Quant.Models;

/// <summary>A smoothing site of a family: its width and the weights that fold it.</summary>
/// <param name="Site">The site.</param>
/// <param name="Width">Channels with a factor of their own.</param>
/// <param name="Activation">The activation that is divided by s.</param>
/// <param name="Consumer">The weight whose input side absorbs s; its magnitudes balance those of the activation.</param>
/// <param name="Folds">Weights of one layer that take part.</param>
/// <param name="Partner">Where the consumer meets the activation as another activation (C meets h): the site whose magnitudes stand for the weight's.</param>
public sealed record SmoothingSiteDefinition(
    SmoothingSite Site,
    int Width,
    ActivationSite Activation,
    FoldStep Consumer,
    ImmutableArray<FoldStep> Folds,
    ActivationSite? Partner = null);
