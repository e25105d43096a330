using System.Globalization;
using System.Text;

namespace MambaQuant.Dashboard.Drawing;

/// <summary>Writes HTML and SVG of which every text and every attribute is encoded: there is no way to put in a piece of markup that was not made here.</summary>
/// <remarks>What it writes is HTML and well-formed XML at once. Names of elements and attributes come from the program, never from outside.</remarks>
internal sealed class Markup
{
    private readonly StringBuilder _text = new();

    /// <summary>The names of SVG are known to HTML; a page of its own needs no namespace but this.</summary>
    public const string SvgNamespace = "http://www.w3.org/2000/svg";

    /// <summary>Writes an element.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="attributes">Its attributes; one whose value is null is left out.</param>
    /// <param name="content">Writes what is in it; null for nothing.</param>
    public Markup Element(string name, (string Name, string? Value)[]? attributes = null, Action<Markup>? content = null)
    {
        _text.Append('<').Append(Checked(name));
        foreach ((string attribute, string? value) in attributes ?? [])
        {
            if (value is not null)
            {
                _text.Append(' ').Append(Checked(attribute)).Append("=\"");
                MarkupText.Encode(_text, value);
                _text.Append('"');
            }
        }

        if (content is null && IsVoid(name))
        {
            _text.Append("/>");
            return this;
        }

        _text.Append('>');
        content?.Invoke(this);
        _text.Append("</").Append(name).Append('>');
        return this;
    }

    /// <summary>Writes an element of a class that holds a text.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="text">The text, from wherever it comes.</param>
    /// <param name="style">Its class, or null.</param>
    public Markup Text(string name, string text, string? style = null) => Element(name, style is null ? null : [("class", style)], inner => inner.Write(text));

    /// <summary>Writes an element of a class that holds others.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="style">Its class, or null.</param>
    /// <param name="content">Writes them.</param>
    public Markup Group(string name, string? style, Action<Markup> content) => Element(name, style is null ? null : [("class", style)], content);

    /// <summary>Writes a text, encoded.</summary>
    /// <param name="text">The text, from wherever it comes.</param>
    public Markup Write(string text)
    {
        MarkupText.Encode(_text, text);
        return this;
    }

    /// <summary>Writes the style sheet of a page as it is.</summary>
    /// <param name="resource">Name of a resource of this assembly: nothing from outside.</param>
    public Markup Style(string resource)
    {
        using Stream stream = typeof(Markup).Assembly.GetManifestResourceStream(resource)
            ?? throw new InvalidOperationException($"this build lacks the resource '{resource}'");
        using var reader = new StreamReader(stream, Encoding.UTF8);
        _text.Append("<style>").Append(reader.ReadToEnd()).Append("</style>");
        return this;
    }

    /// <summary>The page, with the line that says it is HTML.</summary>
    public string ToPage() => $"<!DOCTYPE html>\n{_text}\n";

    /// <inheritdoc/>
    public override string ToString() => _text.ToString();

    /// <summary>A coordinate or a length: one decimal is finer than a screen.</summary>
    /// <param name="value">In units of a view box.</param>
    public static string Number(double value) => Math.Round(value, 1, MidpointRounding.ToEven).ToString(CultureInfo.InvariantCulture);

    private static string Checked(string name) => name.All(letter => char.IsAsciiLetterOrDigit(letter) || letter is '-' or ':')
        ? name
        : throw new ArgumentException($"'{name}' is no name of an element or an attribute", nameof(name));

    private static bool IsVoid(string name) =>
        name is "meta" or "br" or "col" or "hr" or "path" or "rect" or "line" or "circle" or "polyline" or "polygon";
}
