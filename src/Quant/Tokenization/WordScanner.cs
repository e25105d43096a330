using System.Globalization;
using System.Text;

namespace MambaQuant.Quant.Tokenization;

/// <summary>Cuts text into words as GPT-2's pattern does; no merge crosses a word's end.</summary>
/// <remarks>
/// The pattern, alternatives tried in order:
/// <c>'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+</c>
/// Written by hand because .NET's regular expressions see UTF-16 halves instead of characters beyond U+FFFF, and for speed.
/// Whitespace is Unicode's White_Space (with U+0085, without U+FEFF), as in the reference tokenizer's regular expressions.
/// Lone surrogates must have been replaced. Categories are those of the runtime's Unicode tables.
/// </remarks>
internal static class WordScanner
{
    private const byte Other = 0;
    private const byte Letter = 1;
    private const byte Number = 2;
    private const byte Space = 3;

    private static readonly byte[] _classes = MakeClasses();

    /// <summary>Finds the end of the word that starts at a position.</summary>
    /// <param name="text">The text; its end counts as an end of text.</param>
    /// <param name="start">The first character of a word: 0, or the end of the word before.</param>
    /// <returns>The position after the word's last character; always beyond the start.</returns>
    public static int FindEnd(ReadOnlySpan<char> text, int start)
    {
        int contraction = text[start] == '\'' ? ContractionLength(text[(start + 1)..]) : 0;
        if (contraction > 0)
        {
            return start + 1 + contraction;
        }

        // One blank belongs to the word behind it, whatever kind of word that is.
        int first = text[start] == ' ' && start + 1 < text.Length ? start + 1 : start;
        byte kind = ClassAt(text, first, out _);
        if (kind != Space)
        {
            return RunEnd(text, first, kind);
        }

        // Whitespace before a word leaves its last character to the next match: for the word if it is a blank, else on its own.
        int end = RunEnd(text, start, Space);
        return end == text.Length || end - start == 1 ? end : end - 1;
    }

    private static int ContractionLength(ReadOnlySpan<char> behindQuote)
    {
        if (behindQuote.IsEmpty)
        {
            return 0;
        }

        char second = behindQuote.Length > 1 ? behindQuote[1] : '\0';
        return (behindQuote[0], second) switch
        {
            ('s' or 't' or 'm' or 'd', _) => 1,
            ('r' or 'v', 'e') or ('l', 'l') => 2,
            _ => 0,
        };
    }

    private static int RunEnd(ReadOnlySpan<char> text, int start, byte kind)
    {
        int position = start;
        while (position < text.Length && ClassAt(text, position, out int length) == kind)
        {
            position += length;
        }

        return position;
    }

    private static byte ClassAt(ReadOnlySpan<char> text, int position, out int length)
    {
        char character = text[position];
        if (!char.IsHighSurrogate(character) || position + 1 == text.Length)
        {
            length = 1;
            return _classes[character];
        }

        length = 2;
        return Classify(char.ConvertToUtf32(character, text[position + 1]));
    }

    private static byte Classify(int codePoint) => CharUnicodeInfo.GetUnicodeCategory(codePoint) switch
    {
        UnicodeCategory.UppercaseLetter or UnicodeCategory.LowercaseLetter or UnicodeCategory.TitlecaseLetter
            or UnicodeCategory.ModifierLetter or UnicodeCategory.OtherLetter => Letter,
        UnicodeCategory.DecimalDigitNumber or UnicodeCategory.LetterNumber or UnicodeCategory.OtherNumber => Number,
        _ => Rune.IsValid(codePoint) && Rune.IsWhiteSpace(new Rune(codePoint)) ? Space : Other,
    };

    private static byte[] MakeClasses()
    {
        var classes = new byte[char.MaxValue + 1];
        for (int character = 0; character < classes.Length; character++)
        {
            classes[character] = Classify(character);
        }

        return classes;
    }
}
