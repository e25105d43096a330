using System.Text.RegularExpressions;
using MambaQuant.Testing;

namespace MambaQuant.Telemetry.Tests.Documents;

/// <summary>docs/telemetry.md, as far as it is tables.</summary>
internal static partial class TelemetryPage
{
    private static readonly string Text = File.ReadAllText(Repository.Path("docs/telemetry.md"));

    /// <summary>The rows of the first table below a heading, or below the first words of a table's head, each cell's words in code.</summary>
    /// <param name="head">The first words of the table's head, such as "| metric |".</param>
    public static IReadOnlyList<string[][]> Rows(string head)
    {
        string[] lines = Text.Split('\n');
        int first = Array.FindIndex(lines, line => line.StartsWith(head, StringComparison.Ordinal)) + 2;
        return [.. lines.Skip(first).TakeWhile(line => line.StartsWith('|')).Select(Cells)];
    }

    /// <summary>Words in code of the paragraph that begins so.</summary>
    /// <param name="beginning">Its first words.</param>
    public static string[] Words(string beginning) => Code(Text.Split('\n').Single(line => line.StartsWith(beginning, StringComparison.Ordinal)));

    private static string[][] Cells(string row) => [.. row.Trim('|').Split('|').Select(cell => Code(cell) is { Length: > 0 } code ? code : [cell.Trim()])];

    private static string[] Code(string text) => [.. Span().Matches(text).Select(match => match.Groups[1].Value)];

    [GeneratedRegex("`([^`]+)`")]
    private static partial Regex Span();
}
