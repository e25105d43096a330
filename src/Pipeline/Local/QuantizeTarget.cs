using MambaQuant.Quant.Recipes;

namespace MambaQuant.Pipeline.Local;

/// <summary>One checkpoint of a run.</summary>
/// <param name="Recipe">The resolved recipe.</param>
/// <param name="OutputPath">Folder to write; must not exist, or be empty.</param>
public sealed record QuantizeTarget(Recipe Recipe, string OutputPath);
