namespace MambaQuant.Quant.Recipes.Yaml;

/// <summary>A list.</summary>
/// <param name="Line">From 1.</param>
/// <param name="Items">The items.</param>
internal sealed record RecipeSequence(int Line, IReadOnlyList<RecipeNode> Items) : RecipeNode(Line);
