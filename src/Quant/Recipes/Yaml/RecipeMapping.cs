namespace MambaQuant.Quant.Recipes.Yaml;

/// <summary>Keys with values, in the order in which they were written; no key twice.</summary>
/// <param name="Line">From 1.</param>
/// <param name="Entries">The entries.</param>
internal sealed record RecipeMapping(int Line, IReadOnlyList<(RecipeScalar Key, RecipeNode Value)> Entries) : RecipeNode(Line);
