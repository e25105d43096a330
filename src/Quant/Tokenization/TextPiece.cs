namespace MambaQuant.Quant.Tokenization;

/// <summary>A run of a text: an added token, or what lies between two.</summary>
/// <param name="Start">The first character.</param>
/// <param name="End">The character after the last.</param>
/// <param name="Token">The added token found there; null for ordinary text.</param>
internal readonly record struct TextPiece(int Start, int End, AddedToken? Token)
{
    /// <summary>The run itself, cut from the text; the text itself where the run is all of it.</summary>
    public string Of(string text) => Start == 0 && End == text.Length ? text : text[Start..End];
}
