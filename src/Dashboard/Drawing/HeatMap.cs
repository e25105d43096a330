using System.Globalization;
using System.Text;

namespace MambaQuant.Dashboard.Drawing;

/// <summary>A heat map of layers × bins of channels as one SVG: one path a colour, so that a map of thousands of cells stays small.</summary>
/// <param name="Title">What it shows, in a few words.</param>
/// <param name="Description">What a person sees in it: read aloud.</param>
/// <param name="Rows">One row a layer: the class of every cell, 0 to <paramref name="Classes"/> − 1, or −1 for an empty one.</param>
/// <param name="Classes">Number of colours.</param>
/// <param name="Palette">Prefix of the classes in the style sheet.</param>
/// <param name="Axis">What runs from left to right, with the number of it.</param>
internal sealed record HeatMap(string Title, string Description, IReadOnlyList<int[]> Rows, int Classes, string Palette, string Axis)
{
    private const double Width = 320, Left = 30, Top = 2, Bottom = 16;

    /// <summary>Writes the map as a figure.</summary>
    /// <param name="page">The page.</param>
    public void Write(Markup page) => page.Group("figure", "plot", figure =>
    {
        double row = Math.Clamp(150.0 / Math.Max(1, Rows.Count), 4, 14), height = Top + (row * Rows.Count) + Bottom;
        figure.Text("figcaption", Title);
        figure.Element("svg", [("viewBox", $"0 0 {Markup.Number(Width)} {Markup.Number(height)}"), ("role", "img"), ("xmlns", Markup.SvgNamespace)], svg =>
        {
            svg.Text("title", Title).Text("desc", Description);
            int columns = Rows.Count == 0 ? 1 : Math.Max(1, Rows.Max(cells => cells.Length));
            string place = string.Create(CultureInfo.InvariantCulture, $"translate({Left} {Top}) scale({(Width - Left - 2) / columns:0.####} {row:0.####})");
            svg.Element("g", [("transform", place), ("shape-rendering", "crispEdges")], cells =>
            {
                for (int shade = 0; shade < Classes; shade++)
                {
                    if (Runs(shade) is { Length: > 0 } runs)
                    {
                        cells.Element("path", [("class", string.Create(CultureInfo.InvariantCulture, $"{Palette}{shade}")), ("d", runs)]);
                    }
                }
            });
            Labels(svg, row, height);
        });
    });

    /// <summary>All cells of a colour, neighbours joined, in units of cells.</summary>
    private string Runs(int shade)
    {
        var path = new StringBuilder();
        for (int layer = 0; layer < Rows.Count; layer++)
        {
            int[] cells = Rows[layer];
            for (int first = 0; first < cells.Length; first++)
            {
                if (cells[first] != shade)
                {
                    continue;
                }

                int last = first;
                while (last + 1 < cells.Length && cells[last + 1] == shade)
                {
                    last++;
                }

                path.Append(CultureInfo.InvariantCulture, $"M{first} {layer}h{last - first + 1}v1H{first}z");
                first = last;
            }
        }

        return path.ToString();
    }

    private void Labels(Markup svg, double row, double height)
    {
        int stride = Math.Max(1, (int)Math.Ceiling(11 / row));
        for (int layer = 0; layer < Rows.Count; layer += stride)
        {
            Label(svg, Left - 4, Top + (row * (layer + 0.5)) + 3.5, "end", layer.ToString(CultureInfo.InvariantCulture));
        }

        Label(svg, (Left + Width) / 2, height - 4, "middle", Axis, "name");
        svg.Element(
            "text",
            [("class", "name"), ("text-anchor", "middle"), ("transform", $"translate(8 {Markup.Number(Top + (row * Rows.Count / 2))}) rotate(-90)")],
            text => text.Write("layer"));
    }

    private static void Label(Markup svg, double x, double y, string anchor, string text, string? style = null) => svg.Element(
        "text", [("class", style), ("x", Markup.Number(x)), ("y", Markup.Number(y)), ("text-anchor", anchor)], inner => inner.Write(text));
}
