using System.Collections.Immutable;

namespace MambaQuant.Quant.Recipes;

/// <summary>The migration strength α of a smoothing site: fixed, or searched per layer over a grid.</summary>
/// <remarks>0 balances by the weights alone, 1 by the activations alone. Compared by value.</remarks>
public sealed record SmoothingStrength
{
    private SmoothingStrength(double? alpha, ImmutableArray<double> grid)
    {
        Alpha = alpha;
        Grid = grid;
    }

    /// <summary>The grid of a search that names none: 0, 0.25, 0.5, 0.75, 1.</summary>
    public static ImmutableArray<double> DefaultGrid { get; } = [0, 0.25, 0.5, 0.75, 1];

    /// <summary>A search over <see cref="DefaultGrid"/>.</summary>
    public static SmoothingStrength Searched { get; } = new(null, DefaultGrid);

    /// <summary>The fixed α, in [0, 1]; null where it is searched.</summary>
    public double? Alpha { get; }

    /// <summary>Candidates of the search, ascending; "no smoothing at all" always is one more. Empty where α is fixed.</summary>
    public ImmutableArray<double> Grid { get; }

    /// <summary>Whether α is searched.</summary>
    public bool IsSearched => Alpha is null;

    /// <summary>A fixed strength.</summary>
    /// <param name="alpha">In [0, 1]; checked by <see cref="RecipeValidator"/>.</param>
    public static SmoothingStrength Fixed(double alpha) => new(alpha, []);

    /// <summary>A search over candidates of one's own.</summary>
    /// <param name="grid">In [0, 1], ascending, at least one; checked by <see cref="RecipeValidator"/>.</param>
    public static SmoothingStrength Search(params ReadOnlySpan<double> grid) => new(null, [.. grid]);

    /// <summary>Whether two strengths are the same.</summary>
    /// <param name="other">The other strength.</param>
    public bool Equals(SmoothingStrength? other) =>
        other is not null && Alpha == other.Alpha && Grid.AsSpan().SequenceEqual(other.Grid.AsSpan());

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Alpha, Grid.Length, Grid.IsEmpty ? 0 : Grid[0]);
}
