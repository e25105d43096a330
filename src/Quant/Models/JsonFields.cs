using System.Globalization;
using System.Text.Json;

namespace MambaQuant.Quant.Models;

/// <summary>One JSON object, read field by field with types and ranges; what is wrong is collected, not thrown.</summary>
/// <remarks>A field that is null counts as absent. A wrong field reads as null and leaves a sentence in the list of problems.</remarks>
internal sealed class JsonFields
{
    private readonly JsonElement _object;
    private readonly List<string> _problems;
    private readonly string _prefix;

    /// <summary>Wraps an object.</summary>
    /// <param name="element">A JSON object.</param>
    /// <param name="problems">Receives a sentence per wrong field.</param>
    /// <param name="prefix">Path of the object in the file, such as "mambaquant."; empty for the root.</param>
    public JsonFields(JsonElement element, List<string> problems, string prefix = "")
    {
        _object = element;
        _problems = problems;
        _prefix = prefix;
    }

    /// <summary>The names present.</summary>
    public IEnumerable<string> Names => _object.EnumerateObject().Select(property => property.Name);

    /// <summary>Whether a field is there and not null.</summary>
    public bool Has(string name) => Find(name) is not null;

    /// <summary>A whole number in a range, or null.</summary>
    public int? Int32(string name, int minimum, int maximum)
    {
        if (Find(name) is not JsonElement value)
        {
            return null;
        }

        if (value.ValueKind == JsonValueKind.Number && value.TryGetInt32(out int number) && number >= minimum && number <= maximum)
        {
            return number;
        }

        return Wrong<int>(name, $"a whole number from {minimum} to {maximum}", value);
    }

    /// <summary>A finite number in a range whose lower end is excluded, or null.</summary>
    public double? Number(string name, double above, double maximum)
    {
        if (Find(name) is not JsonElement value)
        {
            return null;
        }

        if (value.ValueKind == JsonValueKind.Number && value.TryGetDouble(out double number) && number > above && number <= maximum)
        {
            return number;
        }

        return Wrong<double>(name, string.Create(CultureInfo.InvariantCulture, $"a number above {above}, at most {maximum}"), value);
    }

    /// <summary>True or false, or null.</summary>
    public bool? Boolean(string name) => Find(name) switch
    {
        null => null,
        { ValueKind: JsonValueKind.True } => true,
        { ValueKind: JsonValueKind.False } => false,
        JsonElement other => Wrong<bool>(name, "true or false", other),
    };

    /// <summary>A text, or null.</summary>
    public string? Text(string name)
    {
        if (Find(name) is not JsonElement value)
        {
            return null;
        }

        if (value.ValueKind == JsonValueKind.String)
        {
            return value.GetString();
        }

        Wrong<int>(name, "a text", value);
        return null;
    }

    /// <summary>An object, or null.</summary>
    public JsonFields? Object(string name)
    {
        if (Find(name) is not JsonElement value)
        {
            return null;
        }

        if (value.ValueKind == JsonValueKind.Object)
        {
            return new JsonFields(value, _problems, $"{_prefix}{name}.");
        }

        Wrong<int>(name, "an object", value);
        return null;
    }

    /// <summary>A list of texts, or null.</summary>
    public IReadOnlyList<string>? Texts(string name)
    {
        if (Find(name) is not JsonElement value)
        {
            return null;
        }

        if (value.ValueKind == JsonValueKind.Array && value.EnumerateArray().All(item => item.ValueKind == JsonValueKind.String))
        {
            return [.. value.EnumerateArray().Select(item => item.GetString()!)];
        }

        Wrong<int>(name, "a list of texts", value);
        return null;
    }

    /// <summary>The raw field, or null where it is absent or null.</summary>
    public JsonElement? Find(string name) =>
        _object.TryGetProperty(name, out JsonElement value) && value.ValueKind != JsonValueKind.Null ? value : null;

    /// <summary>Notes that a required field is missing.</summary>
    public void Missing(string name, string what) => _problems.Add($"'{_prefix}{name}' is missing: expected {what}");

    /// <summary>Notes a problem of the object as a whole.</summary>
    public void Problem(string sentence) => _problems.Add(_prefix.Length == 0 ? sentence : $"'{_prefix.TrimEnd('.')}': {sentence}");

    /// <summary>Notes every field that is not among the known ones.</summary>
    public void RefuseOthersThan(params ReadOnlySpan<string> known)
    {
        foreach (string name in Names)
        {
            if (!known.Contains(name))
            {
                _problems.Add($"'{_prefix}{name}' is not a field of format version 1");
            }
        }
    }

    /// <summary>Notes a wrong field.</summary>
    public T? Wrong<T>(string name, string expected, JsonElement found)
        where T : struct
    {
        const int Shown = 60;
        string raw = found.GetRawText();
        _problems.Add($"'{_prefix}{name}': expected {expected}, found {(raw.Length <= Shown ? raw : $"{raw[..Shown]}...")}");
        return null;
    }
}
