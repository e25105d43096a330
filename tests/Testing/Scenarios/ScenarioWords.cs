using System.Globalization;
using System.Text;

namespace MambaQuant.Testing.Scenarios;

/// <summary>The words of one line of a scenario, read from left to right; a text in quotes is one word.</summary>
internal sealed class ScenarioWords
{
    private readonly List<string> _words = [];
    private readonly int _line;
    private int _next;

    public ScenarioWords(string text, int line)
    {
        _line = line;
        StringBuilder word = new();
        bool quoted = false;
        foreach (char letter in text)
        {
            if (letter == '"')
            {
                quoted = !quoted;
            }
            else if (letter == ' ' && !quoted)
            {
                Add(word);
            }
            else
            {
                word.Append(letter);
            }
        }

        Add(word);
    }

    public bool AtEnd => _next == _words.Count;

    public string Next(string what) => AtEnd ? throw Error($"expected {what} at the end") : _words[_next++];

    /// <summary>Reads a word if it is the one given.</summary>
    public bool Take(string word)
    {
        if (AtEnd || _words[_next] != word)
        {
            return false;
        }

        _next++;
        return true;
    }

    public void Expect(string word)
    {
        if (!Take(word))
        {
            throw Error($"expected '{word}', found {(AtEnd ? "the end" : $"'{_words[_next]}'")}");
        }
    }

    public void ExpectEnd()
    {
        if (!AtEnd)
        {
            throw Error($"'{_words[_next]}' is too much");
        }
    }

    public string OptionalText(string standard) => AtEnd ? standard : Next("a text");

    public int Number(string what) =>
        int.TryParse(Next(what), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out int number) ? number : throw Error($"expected {what}");

    /// <summary>Reads "#3".</summary>
    public int Attempt() =>
        Next("#attempt") is ['#', .. var digits] && int.TryParse(digits, CultureInfo.InvariantCulture, out int attempt) ? attempt : throw Error("expected #attempt");

    /// <summary>Reads "250ms", "5s", "2m", "1.5h", in milliseconds.</summary>
    public long Time(string what)
    {
        string word = Next(what);
        (string unit, double milliseconds) = word switch
        {
            _ when word.EndsWith("ms", StringComparison.Ordinal) => ("ms", 1d),
            _ when word.EndsWith('s') => ("s", 1000d),
            _ when word.EndsWith('m') => ("m", 60_000d),
            _ when word.EndsWith('h') => ("h", 3_600_000d),
            _ => throw Error($"expected {what} such as 250ms, 5s, 2m or 1h, found '{word}'"),
        };
        return double.TryParse(word[..^unit.Length], CultureInfo.InvariantCulture, out double amount)
            ? (long)Math.Round(amount * milliseconds, MidpointRounding.ToEven)
            : throw Error($"expected {what}, found '{word}'");
    }

    /// <summary>Reads "8G", "500M" or plain bytes.</summary>
    public long Bytes(string what)
    {
        string word = Next(what);
        (string digits, long unit) = word switch
        {
            [.. var giga, 'G'] => (giga, 1L << 30),
            [.. var mega, 'M'] => (mega, 1L << 20),
            _ => (word, 1L),
        };
        return long.TryParse(digits, CultureInfo.InvariantCulture, out long amount) ? amount * unit : throw Error($"expected {what}, found '{word}'");
    }

    public InvalidScenarioException Error(string message) => new(_line, message);

    private void Add(StringBuilder word)
    {
        if (word.Length > 0)
        {
            _words.Add(word.ToString());
            word.Clear();
        }
    }
}
