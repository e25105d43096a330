using System.Buffers;
using System.Globalization;
using System.Text;

namespace MambaQuant.Quant.Tokenization;

/// <summary>Cuts a text at its added tokens: the leftmost match first, the longest of those that begin there.</summary>
internal sealed class AddedTokenMatcher
{
    private readonly List<(string Pattern, AddedToken Token)> _longestFirst;
    private readonly SearchValues<string> _anyPattern;

    /// <summary>Prepares the search.</summary>
    /// <param name="tokens">Each token with the text to look for: its content, or the normalized form of it.</param>
    public AddedTokenMatcher(IEnumerable<(string Pattern, AddedToken Token)> tokens)
    {
        _longestFirst = [.. tokens.OrderByDescending(pair => pair.Pattern.Length)];
        _anyPattern = SearchValues.Create([.. _longestFirst.Select(pair => pair.Pattern)], StringComparison.Ordinal);
    }

    /// <summary>Cuts a text; the pieces follow each other without gaps and are not empty.</summary>
    /// <param name="text">The text.</param>
    /// <returns>The pieces in order; one piece of ordinary text where no token is found.</returns>
    public List<TextPiece> Split(ReadOnlySpan<char> text)
    {
        var pieces = new List<TextPiece>();
        int done = 0;
        int searched = 0;
        while (searched < text.Length)
        {
            int start = text[searched..].IndexOfAny(_anyPattern) + searched;
            if (start < searched)
            {
                break;
            }

            (string pattern, AddedToken token) = LongestAt(text[start..]);
            int end = start + pattern.Length;
            searched = end;
            if (token.SingleWord && (EndsWithWord(text[..start]) || StartsWithWord(text[end..])))
            {
                continue;
            }

            if (token.StripsLeft)
            {
                start = done + text[done..start].TrimEnd().Length;
            }

            if (token.StripsRight)
            {
                end = text.Length - text[end..].TrimStart().Length;
                searched = end;
            }

            if (start > done)
            {
                pieces.Add(new TextPiece(done, start, null));
            }

            pieces.Add(new TextPiece(start, end, token));
            done = end;
        }

        if (done < text.Length)
        {
            pieces.Add(new TextPiece(done, text.Length, null));
        }

        return pieces;
    }

    private static bool EndsWithWord(ReadOnlySpan<char> text)
    {
        Rune.DecodeLastFromUtf16(text, out Rune last, out int length);
        return length > 0 && IsWordCharacter(last);
    }

    private static bool StartsWithWord(ReadOnlySpan<char> text)
    {
        Rune.DecodeFromUtf16(text, out Rune first, out int length);
        return length > 0 && IsWordCharacter(first);
    }

    // The \w of Unicode regular expressions: alphabetic, marks, decimal digits, connectors and the two joiners. Alphabetic are
    // all letters and letter numbers, and four runs of circled and squared letters whose category is "other symbol".
    private static bool IsWordCharacter(Rune rune) => Rune.GetUnicodeCategory(rune) switch
    {
        UnicodeCategory.UppercaseLetter or UnicodeCategory.LowercaseLetter or UnicodeCategory.TitlecaseLetter
            or UnicodeCategory.ModifierLetter or UnicodeCategory.OtherLetter or UnicodeCategory.LetterNumber
            or UnicodeCategory.NonSpacingMark or UnicodeCategory.SpacingCombiningMark or UnicodeCategory.EnclosingMark
            or UnicodeCategory.DecimalDigitNumber or UnicodeCategory.ConnectorPunctuation => true,
        UnicodeCategory.OtherSymbol => rune.Value is (>= 0x24B6 and <= 0x24E9) or (>= 0x1F130 and <= 0x1F149)
            or (>= 0x1F150 and <= 0x1F169) or (>= 0x1F170 and <= 0x1F189),
        UnicodeCategory.Format => rune.Value is 0x200C or 0x200D,
        _ => false,
    };

    private (string Pattern, AddedToken Token) LongestAt(ReadOnlySpan<char> text)
    {
        foreach ((string Pattern, AddedToken Token) candidate in _longestFirst)
        {
            if (text.StartsWith(candidate.Pattern, StringComparison.Ordinal))
            {
                return candidate;
            }
        }

        throw new InvalidOperationException("the search found a token that is not in the list it was made from");
    }
}
