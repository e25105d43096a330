namespace MambaQuant.Dashboard.Drawing;

/// <summary>A table with a caption; the first column of each row is its heading.</summary>
/// <param name="Caption">What it holds.</param>
/// <param name="Columns">Headings of the columns, units included.</param>
internal sealed record Table(string Caption, IReadOnlyList<string> Columns)
{
    private readonly List<TableCell[]> _rows = [];

    /// <summary>Whether cells hold words, which wrap, rather than figures.</summary>
    public bool IsOfWords { get; init; }

    /// <summary>Adds a row.</summary>
    /// <param name="cells">Its cells, as many as there are columns.</param>
    public void Add(params TableCell[] cells)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(cells.Length, Columns.Count);
        _rows.Add(cells);
    }

    /// <summary>Writes it, in a box of its own that scrolls where it is wider than the page.</summary>
    /// <param name="page">The page.</param>
    public void Write(Markup page)
    {
        if (_rows.Count == 0)
        {
            return;
        }

        // A box that scrolls must be reachable by keyboard.
        page.Element("div", [("class", "wide"), ("role", "region"), ("tabindex", "0"), ("aria-label", Caption)], box => box.Element("table", [("class", IsOfWords ? "words" : null)], table =>
        {
            table.Element("caption", null, caption => caption.Text("span", Caption));
            table.Element("thead", null, head => head.Element("tr", null, row =>
            {
                foreach (string column in Columns)
                {
                    row.Element("th", [("scope", "col")], cell => cell.Write(column));
                }
            }));
            table.Element("tbody", null, body =>
            {
                foreach (TableCell[] cells in _rows)
                {
                    body.Element("tr", null, row =>
                    {
                        row.Element("th", [("scope", "row")], cell => cell.Write(cells[0].Text));
                        foreach (TableCell cell in cells.Skip(1))
                        {
                            row.Element("td", [("class", cell.Style)], inner => inner.Write(cell.Text));
                        }
                    });
                }
            });
        }));
    }
}
