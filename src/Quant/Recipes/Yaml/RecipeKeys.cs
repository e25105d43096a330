using System.Globalization;

namespace MambaQuant.Quant.Recipes.Yaml;

/// <summary>Takes typed values out of one mapping and, at the end, complains about keys that nobody asked for.</summary>
/// <remarks>A value of the wrong type or out of range is noted as a problem, and the default is returned so that reading can go on.</remarks>
internal sealed class RecipeKeys
{
    private readonly RecipeMapping _mapping;
    private readonly RecipeProblems _problems;
    private readonly List<string> _known = [];

    /// <summary>Opens a mapping.</summary>
    /// <param name="mapping">The mapping.</param>
    /// <param name="problems">Where problems are noted.</param>
    public RecipeKeys(RecipeMapping mapping, RecipeProblems problems)
    {
        _mapping = mapping;
        _problems = problems;
    }

    /// <summary>The line of the mapping.</summary>
    public int Line => _mapping.Line;

    /// <summary>The value of a key, or null where it is absent.</summary>
    /// <param name="key">The key; known from now on.</param>
    public RecipeNode? Find(string key)
    {
        if (!_known.Contains(key))
        {
            _known.Add(key);
        }

        return _mapping.Entries.FirstOrDefault(entry => entry.Key.Text == key).Value;
    }

    /// <summary>A word; null where it is absent.</summary>
    /// <param name="key">The key.</param>
    public string? Text(string key) => Scalar(key, "a word") is { } scalar ? scalar.Text : null;

    /// <summary>A truth value.</summary>
    /// <param name="key">The key.</param>
    /// <param name="absent">The value where the key is absent.</param>
    public bool Boolean(string key, bool absent)
    {
        const string Expected = "true or false";
        RecipeScalar? scalar = Scalar(key, Expected);
        switch (scalar)
        {
            case null:
                return absent;
            case { IsPlain: true, Text: "true" }:
                return true;
            case { IsPlain: true, Text: "false" }:
                return false;
            default:
                AddWrong(scalar.Line, key, Expected, scalar);
                return absent;
        }
    }

    /// <summary>A whole number.</summary>
    /// <param name="key">The key.</param>
    /// <param name="absent">The value where the key is absent.</param>
    /// <param name="minimum">The smallest allowed.</param>
    /// <param name="maximum">The largest allowed.</param>
    public int Integer(string key, int absent, int minimum, int maximum)
    {
        string expected = $"a whole number of {minimum} to {maximum}";
        RecipeScalar? scalar = Scalar(key, expected);
        if (scalar is null)
        {
            return absent;
        }

        if (scalar.IsPlain
            && int.TryParse(scalar.Text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out int value)
            && value >= minimum && value <= maximum)
        {
            return value;
        }

        AddWrong(scalar.Line, key, expected, scalar);
        return absent;
    }

    /// <summary>A number.</summary>
    /// <param name="key">The key.</param>
    /// <param name="absent">The value where the key is absent.</param>
    /// <param name="minimum">The smallest allowed.</param>
    /// <param name="maximum">The largest allowed.</param>
    public double Number(string key, double absent, double minimum, double maximum) =>
        Scalar(key, Range(minimum, maximum)) is { } scalar ? Number(key, scalar, absent, minimum, maximum) : absent;

    /// <summary>A number that is already at hand.</summary>
    /// <param name="key">The key it stands under, for messages.</param>
    /// <param name="node">The value.</param>
    /// <param name="wrong">The value to go on with when it is none.</param>
    /// <param name="minimum">The smallest allowed.</param>
    /// <param name="maximum">The largest allowed.</param>
    public double Number(string key, RecipeNode node, double wrong, double minimum, double maximum)
    {
        if (node is RecipeScalar { IsPlain: true } scalar
            && double.TryParse(scalar.Text, NumberStyles.Float, CultureInfo.InvariantCulture, out double value)
            && value >= minimum && value <= maximum)
        {
            return value;
        }

        AddWrong(node.Line, key, Range(minimum, maximum), node);
        return wrong;
    }

    /// <summary>One of several words.</summary>
    /// <typeparam name="T">What the words stand for.</typeparam>
    /// <param name="key">The key.</param>
    /// <param name="words">The words and their meanings.</param>
    /// <param name="absent">The value where the key is absent.</param>
    public T Word<T>(string key, IReadOnlyDictionary<string, T> words, T absent)
    {
        RecipeScalar? scalar = Scalar(key, $"one of {string.Join(", ", words.Keys)}");
        if (scalar is null)
        {
            return absent;
        }

        if (words.TryGetValue(scalar.Text, out T? value))
        {
            return value;
        }

        _problems.AddUnknown(scalar.Line, key, scalar.Text, [.. words.Keys]);
        return absent;
    }

    /// <summary>A value of an enumeration by its name.</summary>
    /// <typeparam name="T">The enumeration.</typeparam>
    /// <param name="key">The key.</param>
    /// <returns>The value; null where the key is absent (which is noted) or the name unknown.</returns>
    public T? RequiredName<T>(string key)
        where T : struct, Enum
    {
        if (_mapping.Entries.All(entry => entry.Key.Text != key))
        {
            _problems.Add(Line, $"'{key}' is missing; expected one of {string.Join(", ", Enum.GetNames<T>())}");
        }

        return Word(key, Enum.GetValues<T>().ToDictionary(value => value.ToString(), value => (T?)value), null);
    }

    /// <summary>The words of a list; a single word counts as a list of one.</summary>
    /// <param name="key">The key.</param>
    /// <returns>The words, or null where the key is absent.</returns>
    public IReadOnlyList<RecipeScalar>? Words(string key)
    {
        switch (Find(key))
        {
            case null:
                return null;
            case RecipeScalar single:
                return [single];
            case RecipeSequence sequence when sequence.Items.All(item => item is RecipeScalar):
                return [.. sequence.Items.Cast<RecipeScalar>()];
            case { } other:
                AddWrong(other.Line, key, "a list of words", other);
                return null;
        }
    }

    /// <summary>A mapping within the mapping; null where it is absent.</summary>
    /// <param name="key">The key.</param>
    public RecipeMapping? Mapping(string key)
    {
        RecipeNode? node = Find(key);
        if (node is not null and not RecipeMapping)
        {
            AddWrong(node.Line, key, "a mapping", node);
        }

        return node as RecipeMapping;
    }

    /// <summary>Notes every key that no call asked for.</summary>
    public void Close()
    {
        foreach ((RecipeScalar key, _) in _mapping.Entries)
        {
            if (!_known.Contains(key.Text))
            {
                _problems.AddUnknown(key.Line, "key", key.Text, _known);
            }
        }
    }

    /// <summary>Notes a value that is not what it should be.</summary>
    /// <param name="line">Where.</param>
    /// <param name="key">Its key.</param>
    /// <param name="expected">What it should be.</param>
    /// <param name="found">What it is.</param>
    public void AddWrong(int line, string key, string expected, RecipeNode found) =>
        _problems.Add(line, $"'{key}': expected {expected}, found {Describe(found)}");

    private RecipeScalar? Scalar(string key, string expected)
    {
        RecipeNode? node = Find(key);
        if (node is not null and not RecipeScalar)
        {
            AddWrong(node.Line, key, expected, node);
        }

        return node as RecipeScalar;
    }

    private static string Range(double minimum, double maximum) => $"a number of {minimum} to {maximum}";

    private static string Describe(RecipeNode node) => node switch
    {
        RecipeScalar { Text.Length: 0 } => "nothing",
        RecipeScalar scalar => $"'{scalar.Text}'",
        RecipeSequence => "a list",
        _ => "a mapping",
    };
}
