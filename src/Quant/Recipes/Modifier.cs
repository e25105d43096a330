namespace MambaQuant.Quant.Recipes;

/// <summary>One thing that a recipe does to a model.</summary>
/// <remarks>
/// A modifier is a value: it says what is wanted, and the stages read it. The order of modifiers in a recipe is kept for the reader but
/// has no effect; the method fixes the order of application: rotations of the residual stream, then smoothing site after site, each
/// followed by the rotation of the same activation, then one quantization of the transformed float model.
/// </remarks>
public abstract record Modifier;
