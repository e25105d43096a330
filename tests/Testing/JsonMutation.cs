using System.Text.Json.Nodes;

namespace MambaQuant.Testing;

/// <summary>Seeded damage to JSON: what a wrong program, a lying one, or a broken disk makes of a good document.</summary>
public static class JsonMutation
{
    private static readonly string[] _values =
    [
        "0", "1", "-1", "2", "7", "8", "9", "255", "65536", "2147483647", "2147483648", "-2147483649", "4294967296", "9223372036854775807",
        "18446744073709551616", "1e5", "1.5", "-0.0", "1e400", "-1e400", "1e-400", "null", "true", "false", "\"\"", "\"0\"", "\"x\"", "\"\\ud800\"",
        "\"../../etc/passwd\"", "[]", "{}", "[[]]", "{\"\":{}}", "[null]", "[\"re:(\"]", "[\"re:.*\"]", "[\"re:(a*)*$\"]", "\"F32\"", "\"I8\"",
        "\"group\"", "\"tensor\"", "\"mamba\"",
    ];

    /// <summary>Changes one to three places of a document: keys and values go, come twice, move, or turn into others; or its text is damaged.</summary>
    /// <param name="json">A good document.</param>
    /// <param name="random">Decides.</param>
    public static string Mutate(string json, Random random)
    {
        ArgumentNullException.ThrowIfNull(random);
        var raw = new List<(string Mark, string Text)>();
        JsonNode root = JsonNode.Parse(json)!;
        for (int count = random.Next(1, 4); count > 0; count--)
        {
            Change(root, random, raw);
        }

        string text = root.ToJsonString();
        foreach ((string mark, string value) in raw)
        {
            text = text.Replace(mark, value, StringComparison.Ordinal);
        }

        return random.Next(6) == 0 ? TextMutation.Mutate(text, random) : text;
    }

    private static void Change(JsonNode root, Random random, List<(string Mark, string Text)> raw)
    {
        List<JsonNode> parents = [.. Containers(root)];
        if (parents.Count == 0)
        {
            return; // an earlier change took the last field
        }

        JsonNode parent = parents[random.Next(parents.Count)];
        string value = random.Next(12) == 0 ? Nested(random) : _values[random.Next(_values.Length)];
        string mark = $"@{raw.Count}@";
        if (parent is JsonArray list)
        {
            int at = random.Next(list.Count);
            switch (random.Next(3))
            {
                case 0:
                    list.RemoveAt(at);
                    break;
                case 1:
                    list.Add(list[at]?.DeepClone());
                    break;
                default:
                    list[at] = mark;
                    raw.Add(($"\"{mark}\"", value));
                    break;
            }

            return;
        }

        var fields = (JsonObject)parent;
        string name = fields.ElementAt(random.Next(fields.Count)).Key;
        switch (random.Next(6))
        {
            case 0:
                fields.Remove(name);
                break;
            case 1: // the same key a second time
                fields.Add(mark, fields[name]?.DeepClone());
                raw.Add((mark, name));
                break;
            case 2:
                JsonNode? moved = fields[name];
                fields.Remove(name);
                fields[random.Next(2) == 0 ? name + "x" : name.ToUpperInvariant()] = moved;
                break;
            case 3:
                List<JsonNode> others = [.. Containers(root)];
                fields[name] = others[random.Next(others.Count)].DeepClone();
                break;
            default:
                fields[name] = mark;
                raw.Add(($"\"{mark}\"", value));
                break;
        }
    }

    private static string Nested(Random random)
    {
        int depth = random.Next(1, 3000);
        return random.Next(2) == 0
            ? new string('[', depth) + new string(']', depth)
            : string.Concat(Enumerable.Repeat("{\"a\":", depth)) + "1" + new string('}', depth);
    }

    /// <summary>Every object and list that is not empty, the root included.</summary>
    private static IEnumerable<JsonNode> Containers(JsonNode? node) => node switch
    {
        JsonObject { Count: > 0 } fields => fields.SelectMany(field => Containers(field.Value)).Prepend(fields),
        JsonArray { Count: > 0 } list => list.SelectMany(Containers).Prepend(list),
        _ => [],
    };
}
