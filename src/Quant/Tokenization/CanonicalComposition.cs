using System.Globalization;
using System.Text;

namespace MambaQuant.Quant.Tokenization;

/// <summary>Unicode normalization form C: characters taken apart, marks put in order, pairs put together again.</summary>
/// <remarks>
/// Written here because .NET's own normalization does nothing, silently, where the process runs without ICU (as this program
/// does, so that containers need no such library and every machine gives the same tokens). Data: canonical-forms.txt, Unicode 17.
/// Source: Unicode Standard Annex 15 and section 3.11 of the standard.
/// </remarks>
internal static class CanonicalComposition
{
    // Hangul syllables are numbered: ((leading * 21) + vowel) * 28 + trailing, trailing 0 for none.
    private const int SyllableBase = 0xAC00;
    private const int LeadingBase = 0x1100;
    private const int VowelBase = 0x1161;
    private const int TrailingBase = 0x11A7;
    private const int LeadingCount = 19;
    private const int VowelCount = 21;
    private const int TrailingCount = 28;
    private const int SyllableCount = LeadingCount * VowelCount * TrailingCount;

    // Nothing below the first combining mark changes: a cheap test that settles most texts.
    private const char FirstMark = '\u0300';

    private static readonly Dictionary<int, int> _classes = [];
    private static readonly Dictionary<int, (int First, int Second)> _decompositions = [];
    private static readonly Dictionary<(int First, int Second), int> _compositions = [];
    private static readonly HashSet<int> _unstable = [];

    static CanonicalComposition()
    {
        using Stream stream = typeof(CanonicalComposition).Assembly.GetManifestResourceStream("canonical-forms.txt")
            ?? throw new InvalidOperationException("the resource canonical-forms.txt is not in the assembly");
        using var reader = new StreamReader(stream, Encoding.UTF8);
        while (reader.ReadLine() is string line)
        {
            ReadLine(line.Split(' '));
        }

        _unstable.UnionWith(_classes.Keys);
        _unstable.UnionWith(_compositions.Keys.Select(pair => pair.Second));
        _unstable.UnionWith(Enumerable.Range(VowelBase, VowelCount));
        _unstable.UnionWith(Enumerable.Range(TrailingBase + 1, TrailingCount - 1));

        // A character that begins, taken apart, with one of these can be drawn into what stands before it.
        _unstable.UnionWith([.. _decompositions.Keys.Where(BeginsUnstable)]);
    }

    /// <summary>Normalizes a text.</summary>
    /// <param name="text">Text without lone surrogates.</param>
    /// <returns>The normalized text; the same instance where nothing changes.</returns>
    public static string Normalize(string text)
    {
        if (!text.AsSpan().ContainsAnyExceptInRange('\0', (char)(FirstMark - 1)))
        {
            return text;
        }

        StringBuilder? result = null;
        var region = new List<int>();
        int copied = 0;
        int lastStable = 0;
        for (int position = 0; position < text.Length;)
        {
            if (IsStable(text, position, out int length))
            {
                lastStable = position;
                position += length;
                continue;
            }

            // A region runs from the last stable character before an unstable one to the next stable one: nothing outside of it
            // takes part in what happens inside.
            do
            {
                position += length;
            }
            while (position < text.Length && !IsStable(text, position, out length));

            region.Clear();
            foreach (Rune rune in text.AsSpan(lastStable, position - lastStable).EnumerateRunes())
            {
                Decompose(rune.Value, region);
            }

            Reorder(region);
            Compose(region);
            result ??= new StringBuilder(text.Length);
            result.Append(text, copied, lastStable - copied);
            foreach (int composed in region)
            {
                result.Append(new Rune(composed));
            }

            copied = position;
            lastStable = position;
        }

        return result is null ? text : result.Append(text, copied, text.Length - copied).ToString();
    }

    private static bool IsStable(string text, int position, out int length)
    {
        int codePoint = char.ConvertToUtf32(text, position);
        length = codePoint > char.MaxValue ? 2 : 1;
        return codePoint < FirstMark || !_unstable.Contains(codePoint);
    }

    private static bool BeginsUnstable(int codePoint)
    {
        while (_decompositions.TryGetValue(codePoint, out (int First, int Second) parts))
        {
            codePoint = parts.First;
        }

        return _unstable.Contains(codePoint);
    }

    private static void ReadLine(string[] fields)
    {
        switch (fields[0])
        {
            case "class":
                for (int codePoint = Hex(fields[1]); codePoint <= Hex(fields[2]); codePoint++)
                {
                    _classes.Add(codePoint, int.Parse(fields[3], CultureInfo.InvariantCulture));
                }

                break;
            case "pair":
                _decompositions.Add(Hex(fields[1]), (Hex(fields[2]), Hex(fields[3])));
                _compositions.Add((Hex(fields[2]), Hex(fields[3])), Hex(fields[1]));
                break;
            case "split":
                _decompositions.Add(Hex(fields[1]), (Hex(fields[2]), fields.Length > 3 ? Hex(fields[3]) : 0));
                _unstable.Add(Hex(fields[1]));
                break;
            default:
                break;
        }
    }

    private static int Hex(string text) => int.Parse(text, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture);

    private static void Decompose(int codePoint, List<int> into)
    {
        int syllable = codePoint - SyllableBase;
        if (syllable is >= 0 and < SyllableCount)
        {
            into.Add(LeadingBase + (syllable / (VowelCount * TrailingCount)));
            into.Add(VowelBase + (syllable / TrailingCount % VowelCount));
            if (syllable % TrailingCount != 0)
            {
                into.Add(TrailingBase + (syllable % TrailingCount));
            }
        }
        else if (_decompositions.TryGetValue(codePoint, out (int First, int Second) parts))
        {
            Decompose(parts.First, into);
            if (parts.Second != 0)
            {
                into.Add(parts.Second);
            }
        }
        else
        {
            into.Add(codePoint);
        }
    }

    // Marks behind a character are sorted by class; those of one class keep their order.
    private static void Reorder(List<int> codePoints)
    {
        for (int start = 0; start < codePoints.Count;)
        {
            int end = start;
            while (end < codePoints.Count && ClassOf(codePoints[end]) != 0)
            {
                end++;
            }

            if (end - start > 1)
            {
                int[] sorted = [.. codePoints.Skip(start).Take(end - start).OrderBy(ClassOf)];
                for (int i = 0; i < sorted.Length; i++)
                {
                    codePoints[start + i] = sorted[i];
                }
            }

            start = end + 1;
        }
    }

    // Each character joins the last starter before it, unless something between them is in the way: a mark of its own or a
    // higher class that was not joined.
    private static void Compose(List<int> codePoints)
    {
        int starter = -1;
        int kept = 0;
        int previousClass = 0;
        for (int i = 0; i < codePoints.Count; i++)
        {
            int codePoint = codePoints[i];
            int combiningClass = ClassOf(codePoint);
            bool isAdjacent = kept == starter + 1;
            if (starter >= 0 && (isAdjacent || previousClass < combiningClass)
                && TryCompose(codePoints[starter], codePoint, out int composed))
            {
                codePoints[starter] = composed;
                continue;
            }

            if (combiningClass == 0)
            {
                starter = kept;
            }

            previousClass = combiningClass;
            codePoints[kept++] = codePoint;
        }

        codePoints.RemoveRange(kept, codePoints.Count - kept);
    }

    private static bool TryCompose(int first, int second, out int composed)
    {
        if (first - LeadingBase is >= 0 and < LeadingCount && second - VowelBase is >= 0 and < VowelCount)
        {
            composed = SyllableBase + ((((first - LeadingBase) * VowelCount) + second - VowelBase) * TrailingCount);
            return true;
        }

        int syllable = first - SyllableBase;
        if (syllable is >= 0 and < SyllableCount && syllable % TrailingCount == 0
            && second - TrailingBase is > 0 and < TrailingCount)
        {
            composed = first + second - TrailingBase;
            return true;
        }

        return _compositions.TryGetValue((first, second), out composed);
    }

    private static int ClassOf(int codePoint) => _classes.GetValueOrDefault(codePoint);
}
