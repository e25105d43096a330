using System.Text;

namespace MambaQuant.Client.Output;

/// <summary>A plain table: columns apart by two spaces, the first to the left, all others to the right.</summary>
/// <param name="headings">The headings.</param>
internal sealed class TextTable(params string[] headings)
{
    private readonly List<string[]> _rows = [headings];

    /// <summary>Adds a row.</summary>
    /// <param name="cells">As many cells as headings.</param>
    /// <exception cref="ArgumentException">The number of cells differs.</exception>
    public void Add(params string[] cells)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(cells.Length, headings.Length, nameof(cells));
        _rows.Add(cells);
    }

    /// <summary>Writes headings, a rule and the rows; no spaces at line ends.</summary>
    /// <param name="output">Where to.</param>
    public void Write(TextWriter output)
    {
        int[] widths = [.. headings.Select((_, column) => _rows.Max(row => row[column].Length))];
        for (int row = 0; row < _rows.Count; row++)
        {
            output.WriteLine(Line(_rows[row], widths));
            if (row == 0)
            {
                output.WriteLine(string.Join("  ", widths.Select(width => new string('-', width))));
            }
        }
    }

    private static string Line(string[] cells, int[] widths)
    {
        StringBuilder line = new();
        for (int column = 0; column < cells.Length; column++)
        {
            line.Append(column == 0 ? cells[column].PadRight(widths[column]) : "  " + cells[column].PadLeft(widths[column]));
        }

        return line.ToString().TrimEnd();
    }
}
