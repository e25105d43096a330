namespace MambaQuant.Testing;

/// <summary>Seeded damage to any text: pieces go, come twice, or turn into others; brackets pile up.</summary>
public static class TextMutation
{
    private const int LongestPiece = 30;

    private static readonly string[] _numbers =
        ["0", "-1", "2147483648", "-9223372036854775809", "18446744073709551616", "1e400", "1.5", "0x7f", "null", "NaN", ".inf"];

    private static readonly string[] _pieces =
    [
        "{", "}", "[", "]", ":", ",", "\"", "\\", "\\ud800", "\n", "\n  ", "\t", "- ", "? ", ": ", "# ", "&a ", "*a", "!!binary ", "!x ", "|\n", ">-\n",
        "---\n", "...\n", "%YAML 9.9\n", "<<: ", "'", "\0", "\u2028", "\ufeff", "é", "\ud83d\ude00", "~", "@", "`",
    ];

    /// <summary>Changes one place of a text.</summary>
    /// <param name="text">The text, not empty.</param>
    /// <param name="random">Decides.</param>
    public static string Mutate(string text, Random random)
    {
        ArgumentNullException.ThrowIfNull(text);
        ArgumentNullException.ThrowIfNull(random);
        int from = random.Next(text.Length);
        int length = Math.Min(random.Next(1, LongestPiece), text.Length - from);
        switch (random.Next(7))
        {
            case 0:
                return text.Remove(from, length);
            case 1:
                return text.Insert(random.Next(text.Length), text.Substring(from, length));
            case 2:
                return text.Insert(from, _pieces[random.Next(_pieces.Length)]);
            case 3:
                return text.Insert(from, string.Concat(Enumerable.Repeat(_pieces[random.Next(_pieces.Length)], random.Next(1, 2000))));
            case 4:
                return text[..from];
            case 5:
                char[] characters = text.ToCharArray();
                characters[from] = (char)(characters[from] ^ (1 << random.Next(8)));
                return new string(characters);
            default:
                return WithOtherNumber(text, from, random);
        }
    }

    private static string WithOtherNumber(string text, int from, Random random)
    {
        int ahead = text.AsSpan(from).IndexOfAnyInRange('0', '9');
        if (ahead < 0)
        {
            return text;
        }

        int digit = from + ahead;
        int end = digit;
        while (end < text.Length && char.IsAsciiDigit(text[end]))
        {
            end++;
        }

        return string.Concat(text.AsSpan(0, digit), _numbers[random.Next(_numbers.Length)], text.AsSpan(end));
    }
}
