namespace MambaQuant.Quant.Recipes.Yaml;

/// <summary>A piece of a recipe file with the line it stands on.</summary>
/// <param name="Line">From 1.</param>
internal abstract record RecipeNode(int Line);
