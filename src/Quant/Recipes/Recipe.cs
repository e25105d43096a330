using System.Collections.Immutable;
using MambaQuant.Quant.Models;

namespace MambaQuant.Quant.Recipes;

/// <summary>What is to be done to a model: an ordered list of modifiers under a name.</summary>
/// <remarks>Immutable and compared by value. <see cref="RecipeValidator"/> says whether it makes sense; readers and presets give valid ones only.</remarks>
public sealed record Recipe
{
    /// <summary>Makes a recipe.</summary>
    /// <param name="name">Its name, for reports.</param>
    /// <param name="modifiers">The modifiers.</param>
    public Recipe(string name, params ReadOnlySpan<Modifier> modifiers)
    {
        Name = name;
        Modifiers = [.. modifiers];
    }

    /// <summary>Its name, for reports.</summary>
    public string Name { get; init; }

    /// <summary>The modifiers, in the order in which they were written.</summary>
    public ImmutableArray<Modifier> Modifiers { get; init; }

    /// <summary>How the model is quantized; null only in a recipe that is not valid.</summary>
    public QuantizationModifier? Quantization => Modifiers.OfType<QuantizationModifier>().FirstOrDefault();

    /// <summary>The error compensation, or null for rounding to nearest.</summary>
    public GptqModifier? Gptq => Modifiers.OfType<GptqModifier>().FirstOrDefault();

    /// <summary>The smoothing modifiers, as written.</summary>
    public IEnumerable<SmoothingModifier> Smoothings => Modifiers.OfType<SmoothingModifier>();

    /// <summary>The rotation at a site: a <see cref="KltRotationModifier"/>, a <see cref="HadamardRotationModifier"/>, or null.</summary>
    /// <param name="site">The site.</param>
    public Modifier? RotationAt(RotationSite site) => Modifiers.FirstOrDefault(modifier => SiteOf(modifier) == site);

    /// <summary>The KLT rotation at a site, or null.</summary>
    /// <param name="site">The site.</param>
    public KltRotationModifier? KltAt(RotationSite site) => RotationAt(site) as KltRotationModifier;

    /// <summary>The smoothing at a site, or null.</summary>
    /// <param name="site">The site.</param>
    public SmoothingModifier? SmoothingAt(SmoothingSite site) => Smoothings.FirstOrDefault(modifier => modifier.Site == site);

    /// <summary>The same recipe with one modifier more; it takes the place of one at the same site (or of the same kind, where there are no sites).</summary>
    /// <param name="modifier">The modifier.</param>
    public Recipe With(Modifier modifier)
    {
        ArgumentNullException.ThrowIfNull(modifier);
        int index = Modifiers.ToList().FindIndex(other => SharesSlot(other, modifier));
        return this with { Modifiers = index < 0 ? Modifiers.Add(modifier) : Modifiers.SetItem(index, modifier) };
    }

    /// <summary>The same recipe without a rotation.</summary>
    /// <param name="site">The site.</param>
    public Recipe Without(RotationSite site) => this with { Modifiers = Modifiers.RemoveAll(modifier => SiteOf(modifier) == site) };

    /// <summary>The same recipe without a smoothing site.</summary>
    /// <param name="site">The site.</param>
    public Recipe Without(SmoothingSite site) => this with
    {
        Modifiers = Modifiers.RemoveAll(modifier => modifier is SmoothingModifier smoothing && smoothing.Site == site),
    };

    /// <summary>The same recipe without GPTQ.</summary>
    public Recipe WithoutGptq() => this with { Modifiers = Modifiers.RemoveAll(modifier => modifier is GptqModifier) };

    /// <summary>Whether two recipes have the same name and the same modifiers in the same order.</summary>
    /// <param name="other">The other recipe.</param>
    public bool Equals(Recipe? other) =>
        other is not null && Name == other.Name && Modifiers.AsSpan().SequenceEqual(other.Modifiers.AsSpan());

    /// <inheritdoc/>
    public override int GetHashCode()
    {
        var hash = new HashCode();
        hash.Add(Name, StringComparer.Ordinal);
        foreach (Modifier modifier in Modifiers)
        {
            hash.Add(modifier);
        }

        return hash.ToHashCode();
    }

    /// <summary>The site of a rotation modifier; null for any other.</summary>
    /// <param name="modifier">The modifier.</param>
    internal static RotationSite? SiteOf(Modifier modifier) => modifier switch
    {
        KltRotationModifier klt => klt.Site,
        HadamardRotationModifier hadamard => hadamard.Site,
        _ => null,
    };

    /// <summary>Whether a recipe can hold only one of two modifiers.</summary>
    /// <param name="left">One.</param>
    /// <param name="right">The other.</param>
    internal static bool SharesSlot(Modifier left, Modifier right) => (left, right) switch
    {
        (SmoothingModifier a, SmoothingModifier b) => a.Site == b.Site,
        _ when SiteOf(left) is { } site => SiteOf(right) == site,
        _ => left.GetType() == right.GetType(),
    };
}
