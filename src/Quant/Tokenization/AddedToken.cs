namespace MambaQuant.Quant.Tokenization;

/// <summary>A piece of text that is one token wherever it stands, found before the text is cut into words.</summary>
/// <param name="Id">The token's id.</param>
/// <param name="Content">The text it stands for.</param>
/// <param name="SingleWord">Whether it is found only where no letter, digit or mark touches it.</param>
/// <param name="StripsLeft">Whether it swallows the whitespace before it.</param>
/// <param name="StripsRight">Whether it swallows the whitespace behind it.</param>
/// <param name="Normalized">Whether it is looked for in the normalized text; else in the text as given, and first.</param>
/// <param name="Special">Whether it marks structure (end of text, padding) and is no text of its own.</param>
public sealed record AddedToken(
    int Id, string Content, bool SingleWord, bool StripsLeft, bool StripsRight, bool Normalized, bool Special);
