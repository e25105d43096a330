using System.Text.Json;

namespace MambaQuant.Quant.Tokenization;

/// <summary>A value of tokenizer.json that knows its place in the file, so that a refusal can name it.</summary>
internal readonly struct TokenizerField
{
    private readonly string _file;
    private readonly string _parent;
    private readonly JsonElement _element;

    /// <summary>The root of a file, or a value inside it.</summary>
    /// <param name="file">The path of the file.</param>
    /// <param name="name">The key of the value, or its place in a list; empty for the root.</param>
    /// <param name="element">The value.</param>
    /// <param name="parent">The place of the object or list that holds it; empty at the top.</param>
    public TokenizerField(string file, string name, JsonElement element, string parent = "")
    {
        _file = file;
        _parent = parent;
        _element = element;
        Name = name;
    }

    /// <summary>The key of the value in its object.</summary>
    public string Name { get; }

    /// <summary>Whether the value is a list.</summary>
    public bool IsList => _element.ValueKind == JsonValueKind.Array;

    // Put together only when asked for: a vocabulary has fifty thousand places.
    private string Place => _parent.Length == 0 ? Name : Name.StartsWith('[') ? _parent + Name : $"{_parent}.{Name}";

    /// <summary>The member of an object, which must be there and not be null.</summary>
    public TokenizerField Required(string name) => Optional(name) ?? throw new TokenizerField(_file, name, default, Place).Refuse("a value", "none");

    /// <summary>The member of an object; null where it is absent or JSON's null.</summary>
    public TokenizerField? Optional(string name)
    {
        EnsureKind(JsonValueKind.Object, "an object");
        return _element.TryGetProperty(name, out JsonElement member) && member.ValueKind != JsonValueKind.Null
            ? new TokenizerField(_file, name, member, Place)
            : null;
    }

    /// <summary>The members of an object, in file order.</summary>
    public IEnumerable<TokenizerField> Properties()
    {
        EnsureKind(JsonValueKind.Object, "an object");
        string place = Place;
        foreach (JsonProperty property in _element.EnumerateObject())
        {
            yield return new TokenizerField(_file, property.Name, property.Value, place);
        }
    }

    /// <summary>The elements of a list.</summary>
    public IEnumerable<TokenizerField> Elements()
    {
        EnsureKind(JsonValueKind.Array, "a list");
        string place = Place;
        int index = 0;
        foreach (JsonElement element in _element.EnumerateArray())
        {
            yield return new TokenizerField(_file, $"[{index++}]", element, place);
        }
    }

    /// <summary>The value as text.</summary>
    public string Text()
    {
        EnsureKind(JsonValueKind.String, "a text");
        return _element.GetString()!;
    }

    /// <summary>The value as a number.</summary>
    public double Number()
    {
        EnsureKind(JsonValueKind.Number, "a number");
        return _element.GetDouble();
    }

    /// <summary>The value as true or false.</summary>
    public bool Boolean() => _element.ValueKind switch
    {
        JsonValueKind.True => true,
        JsonValueKind.False => false,
        _ => throw Refuse("true or false"),
    };

    /// <summary>The value as a token id.</summary>
    public int Id() => _element.ValueKind == JsonValueKind.Number && _element.TryGetInt32(out int id) && id is >= 0 and < int.MaxValue
        ? id
        : throw Refuse("a token id, a whole number from 0 on");

    /// <summary>Refuses members that are not known.</summary>
    public void EnsureOnly(params ReadOnlySpan<string> known)
    {
        foreach (TokenizerField member in Properties())
        {
            if (!known.Contains(member.Name))
            {
                throw member.Refuse($"only {string.Join(", ", known!)}");
            }
        }
    }

    /// <summary>Refuses a text other than this one.</summary>
    public void EnsureText(string expected)
    {
        if (Text() != expected)
        {
            throw Refuse($"\"{expected}\"");
        }
    }

    /// <summary>Refuses a member that is there and not null.</summary>
    public void EnsureNull(string name)
    {
        if (Optional(name) is TokenizerField member)
        {
            throw member.Refuse("null");
        }
    }

    /// <summary>Refuses a member that is there and neither null nor an empty text.</summary>
    public void EnsureEmptyOrNull(string name)
    {
        if (Optional(name) is TokenizerField member && member.Text().Length > 0)
        {
            throw member.Refuse("null or an empty text");
        }
    }

    /// <summary>Refuses a member that is there and not false.</summary>
    public void EnsureFalseOrAbsent(string name)
    {
        if (Optional(name) is TokenizerField member && member.Boolean())
        {
            throw member.Refuse("false");
        }
    }

    /// <summary>The exception that says what this value should have been.</summary>
    /// <param name="expected">What is read here.</param>
    /// <param name="found">What is in the file; its own text by default.</param>
    public InvalidTokenizerException Refuse(string expected, string? found = null)
    {
        string place = Place.Length == 0 ? "the whole file" : $"'{Clip(Place)}'";
        return new InvalidTokenizerException(
            $"'{_file}': expected {place} to be {Clip(expected)}, found {Clip(found ?? _element.GetRawText())}."
            + " Only byte-level BPE as used by GPT-NeoX and Mamba models is read: use the model's own tokenizer.json.");
    }

    private static string Clip(string text)
    {
        const int Shown = 160;
        return text.Length <= Shown ? text : $"{text[..Shown]}...";
    }

    private void EnsureKind(JsonValueKind kind, string expected)
    {
        if (_element.ValueKind != kind)
        {
            throw Refuse(expected);
        }
    }
}
