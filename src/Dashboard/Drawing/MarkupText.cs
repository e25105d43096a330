using System.Globalization;
using System.Text;

namespace MambaQuant.Dashboard.Drawing;

/// <summary>Encodes texts that come from anywhere: names of files and models, recipes, messages.</summary>
internal static class MarkupText
{
    /// <summary>Appends a text such that it stays one, between tags and inside quoted attributes alike.</summary>
    /// <param name="target">Where to.</param>
    /// <param name="text">The text.</param>
    /// <remarks>What no page may hold, and what turns the direction of what follows, becomes U+FFFD: controls, halves of surrogate pairs, marks of direction.</remarks>
    public static void Encode(StringBuilder target, string text)
    {
        foreach (Rune rune in text.EnumerateRunes())
        {
            _ = rune.Value switch
            {
                '&' => target.Append("&amp;"),
                '<' => target.Append("&lt;"),
                '>' => target.Append("&gt;"),
                '"' => target.Append("&quot;"),
                '\'' => target.Append("&#39;"),
                '\n' => target.Append('\n'),
                _ => target.Append(IsShown(rune) ? rune.ToString() : "\uFFFD"),
            };
        }
    }

    private static bool IsShown(Rune rune) =>
        Rune.GetUnicodeCategory(rune) is not UnicodeCategory.Control
        && rune.Value is not (0xFFFE or 0xFFFF or 0x061C or 0x200E or 0x200F or (>= 0x2028 and <= 0x202E) or (>= 0x2066 and <= 0x2069));
}
