namespace MambaQuant.Quant.Recipes;

/// <summary>One thing that is wrong with a recipe.</summary>
/// <param name="Message">What, expected against found.</param>
/// <param name="Modifier">Index of the modifier it concerns, or null for the recipe as a whole.</param>
/// <param name="Line">Line of the file it was read from, from 1; null where there is no file.</param>
public sealed record RecipeProblem(string Message, int? Modifier = null, int? Line = null);
