namespace MambaQuant.Quant.Recipes.Yaml;

/// <summary>A word or number.</summary>
/// <param name="Line">From 1.</param>
/// <param name="Text">As written, without quotes.</param>
/// <param name="IsPlain">Whether it was written without quotes; only then is it a number, a truth value or "none".</param>
internal sealed record RecipeScalar(int Line, string Text, bool IsPlain) : RecipeNode(Line)
{
    /// <summary>Whether the scalar says that something is absent.</summary>
    public bool IsNone => IsPlain && Text is "none" or "null" or "~" or "";
}
