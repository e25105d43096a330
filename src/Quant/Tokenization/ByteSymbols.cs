namespace MambaQuant.Quant.Tokenization;

/// <summary>The printable characters that stand for bytes in the vocabularies of byte-level tokenizers.</summary>
/// <remarks>
/// Bytes that are printable in Latin-1 (33 to 126, 161 to 172, 174 to 255) stand for themselves; the other 68, in order, are
/// the characters from U+0100 on. So a space is "Ġ" (U+0120) and a line feed "Ċ" (U+010A).
/// </remarks>
internal static class ByteSymbols
{
    private static readonly char[] _ofByte = MakeSymbols();
    private static readonly Dictionary<char, byte> _toByte =
        Enumerable.Range(0, 256).ToDictionary(value => _ofByte[value], value => (byte)value);

    /// <summary>The character that stands for a byte.</summary>
    public static char Of(byte value) => _ofByte[value];

    /// <summary>Whether a byte can stand in UTF-8 text; 13 cannot: 0xC0, 0xC1 and 0xF5 to 0xFF.</summary>
    public static bool OccursInUtf8(byte value) => value is not (0xC0 or 0xC1 or >= 0xF5);

    /// <summary>The bytes that a token stands for.</summary>
    /// <param name="token">The token as written in the vocabulary.</param>
    /// <returns>The bytes; null where a character of the token stands for none.</returns>
    public static byte[]? ToBytes(string token)
    {
        var bytes = new byte[token.Length];
        for (int i = 0; i < token.Length; i++)
        {
            if (!_toByte.TryGetValue(token[i], out bytes[i]))
            {
                return null;
            }
        }

        return bytes;
    }

    private static char[] MakeSymbols()
    {
        var symbols = new char[256];
        char next = '\u0100';
        for (int value = 0; value < symbols.Length; value++)
        {
            bool isPrintable = value is (>= 33 and <= 126) or (>= 161 and <= 172) or >= 174;
            symbols[value] = isPrintable ? (char)value : next++;
        }

        return symbols;
    }
}
