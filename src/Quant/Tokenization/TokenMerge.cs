namespace MambaQuant.Quant.Tokenization;

/// <summary>A learnt merge: two neighbouring tokens become one.</summary>
/// <param name="Left">The id of the first token.</param>
/// <param name="Right">The id of the second token.</param>
/// <param name="Result">The id of the token whose text is both.</param>
internal readonly record struct TokenMerge(int Left, int Right, int Result);
