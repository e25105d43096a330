using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace MambaQuant.Quant.Recipes.Yaml;

/// <summary>Reads the YAML of a recipe into nodes that know their lines.</summary>
/// <remarks>
/// A recipe needs words, mappings and lists. Anchors, aliases, tags, several documents and deep nesting are refused: they only serve
/// to write what a reader cannot check at a glance, or to exhaust memory.
/// </remarks>
internal sealed class RecipeDocument
{
    private const int DepthLimit = 16;
    private const int LengthLimit = 1 << 20;

    private readonly Parser _parser;
    private readonly RecipeProblems _problems;

    private RecipeDocument(string text, RecipeProblems problems)
    {
        _parser = new Parser(new StringReader(text));
        _problems = problems;
    }

    /// <summary>Parses a file.</summary>
    /// <param name="text">Its text.</param>
    /// <param name="problems">Names the file; what stops the reading is thrown through it.</param>
    /// <returns>The mapping at the top of the file.</returns>
    /// <exception cref="InvalidRecipeException">The text is no YAML, or more than a recipe needs.</exception>
    public static RecipeMapping Parse(string text, RecipeProblems problems)
    {
        if (text.Length > LengthLimit)
        {
            throw Refused(problems, 1, $"a recipe has at most {LengthLimit} characters, this text has {text.Length}");
        }

        var document = new RecipeDocument(text, problems);
        try
        {
            return document.Read();
        }
        catch (Exception exception) when (exception is YamlException or InvalidOperationException or ArgumentException)
        {
            // The scanner reports most malformed text as a YamlException, a few kinds of scalars as an invalid operation, escaped
            // halves of a surrogate pair as an argument of its own that is out of range.
            Mark where = exception is YamlException yaml ? yaml.End : document._parser.Current?.End ?? Mark.Empty;
            int lastLine = 1 + text.AsSpan().TrimEnd('\n').Count('\n');
            throw Refused(problems, Math.Min(LineOf(where), lastLine), $"not valid YAML: {exception.Message}");
        }
    }

    private RecipeMapping Read()
    {
        _parser.Consume<StreamStart>();
        if (_parser.Accept<StreamEnd>(out _))
        {
            throw Refused(_problems, 1, "the file is empty; a recipe starts with 'name:' and 'modifiers:'");
        }

        _parser.Consume<DocumentStart>();
        RecipeNode node = ReadNode(depth: 0);
        _parser.Consume<DocumentEnd>();
        if (_parser.Accept<DocumentStart>(out DocumentStart? next))
        {
            throw Refused(_problems, LineOf(next.Start), "a second document starts here; a file holds one recipe");
        }

        return node as RecipeMapping
            ?? throw Refused(_problems, node.Line, "expected a mapping with the keys name and modifiers at the top of the file");
    }

    private RecipeNode ReadNode(int depth)
    {
        if (_parser.Current is null && !_parser.MoveNext())
        {
            throw Refused(_problems, 1, "the file ends too early");
        }

        ParsingEvent current = _parser.Current!;
        int line = LineOf(current.Start);
        if (depth > DepthLimit)
        {
            throw Refused(_problems, line, $"nested deeper than {DepthLimit} levels");
        }

        if (current is AnchorAlias || current is NodeEvent { Anchor.IsEmpty: false } || current is NodeEvent { Tag.IsEmpty: false })
        {
            throw Refused(_problems, line, "anchors, aliases and tags are not part of recipes; write the value out");
        }

        return current switch
        {
            MappingStart => ReadMapping(line, depth),
            SequenceStart => ReadSequence(line, depth),
            Scalar => ReadScalar(line),
            _ => throw Refused(_problems, line, "expected a value"),
        };
    }

    private RecipeScalar ReadScalar(int line)
    {
        Scalar scalar = _parser.Consume<Scalar>();
        return new RecipeScalar(line, scalar.Value, scalar.Style == ScalarStyle.Plain);
    }

    private RecipeSequence ReadSequence(int line, int depth)
    {
        _parser.Consume<SequenceStart>();
        List<RecipeNode> items = [];
        while (!_parser.TryConsume<SequenceEnd>(out _))
        {
            items.Add(ReadNode(depth + 1));
        }

        return new RecipeSequence(line, items);
    }

    private RecipeMapping ReadMapping(int line, int depth)
    {
        _parser.Consume<MappingStart>();
        List<(RecipeScalar Key, RecipeNode Value)> entries = [];
        Dictionary<string, int> lines = new(StringComparer.Ordinal);
        while (!_parser.TryConsume<MappingEnd>(out _))
        {
            RecipeNode key = ReadNode(depth + 1);
            RecipeNode value = ReadNode(depth + 1);
            if (key is not RecipeScalar scalar)
            {
                _problems.Add(key.Line, "a key must be a word, not a list or mapping");
            }
            else if (lines.TryGetValue(scalar.Text, out int first))
            {
                _problems.Add(key.Line, $"key '{scalar.Text}' stands here again; it was given on line {first}");
            }
            else
            {
                lines.Add(scalar.Text, key.Line);
                entries.Add((scalar, value));
            }
        }

        return new RecipeMapping(line, entries);
    }

    private static int LineOf(Mark mark) => (int)Math.Clamp(mark.Line, 1, int.MaxValue);

    private static InvalidRecipeException Refused(RecipeProblems problems, int line, string message) =>
        new(problems.SourceName, [new RecipeProblem(message, Modifier: null, line)]);
}
