using System.Text;

namespace MambaQuant.Dashboard.Drawing;

/// <summary>A chart as one SVG: frame, axes with titles, and what is drawn between them. Colours come from the page's style sheet.</summary>
/// <param name="Title">What it shows, in a few words: read aloud, and above the chart.</param>
/// <param name="Description">What a person sees in it: read aloud.</param>
/// <param name="X">The horizontal axis.</param>
/// <param name="Y">The vertical axis.</param>
internal sealed record Plot(string Title, string Description, Axis X, Axis Y)
{
    /// <summary>Width of the view box; a page scales it.</summary>
    public const double Width = 320;

    private const double Height = 190, Left = 46, Right = 8, Top = 8, Bottom = 34;

    /// <summary>Lines, in the order in which they are drawn.</summary>
    public IReadOnlyList<PlotLine> Lines { get; init; } = [];

    /// <summary>Writes the chart as a figure.</summary>
    /// <param name="page">The page.</param>
    public void Write(Markup page) => page.Group("figure", "plot", figure =>
    {
        figure.Text("figcaption", Title);
        figure.Element("svg", [("viewBox", $"0 0 {Markup.Number(Width)} {Markup.Number(Height)}"), ("role", "img"), ("xmlns", Markup.SvgNamespace)], svg =>
        {
            svg.Text("title", Title).Text("desc", Description);
            Frame(svg);
            foreach (PlotLine line in Lines)
            {
                Draw(svg, line);
            }
        });
        if (Lines.Count > 1)
        {
            figure.Group("p", "legend", legend =>
            {
                foreach (PlotLine line in Lines)
                {
                    legend.Group("span", "key", key => key
                        .Element("svg", [("viewBox", "0 0 22 8"), ("class", "swatch"), ("aria-hidden", "true"), ("xmlns", Markup.SvgNamespace)], svg =>
                            svg.Element("path", [("class", $"line {line.Style}"), ("style", Dashes(line)), ("d", "M0 4H22")]))
                        .Write(line.Name));
                }
            });
        }
    });

    private void Frame(Markup svg)
    {
        var grid = new StringBuilder();
        foreach (double tick in Y.Ticks())
        {
            grid.Append($"M{Markup.Number(Left)} {Markup.Number(Vertical(tick))}H{Markup.Number(Width - Right)}");
        }

        svg.Element("path", [("class", "grid"), ("d", grid.ToString())]);
        svg.Element("path", [("class", "axis"), ("d", $"M{Markup.Number(Left)} {Markup.Number(Top)}V{Markup.Number(Height - Bottom)}H{Markup.Number(Width - Right)}")]);
        foreach (double tick in Y.Ticks())
        {
            Label(svg, Left - 4, Vertical(tick) + 3.5, "end", Figures.Tick(tick));
        }

        foreach (double tick in X.Ticks().Where(tick => X.IsLogarithmic || tick == Math.Floor(tick)))
        {
            Label(svg, Horizontal(tick), Height - Bottom + 12, "middle", Figures.Tick(tick));
        }

        Label(svg, (Left + Width - Right) / 2, Height - 5, "middle", X.Title, "name");
        string middle = Markup.Number((Top + Height - Bottom) / 2);
        svg.Element("text", [("class", "name"), ("text-anchor", "middle"), ("transform", $"translate(9 {middle}) rotate(-90)")], text => text.Write(Y.Title));
    }

    private void Draw(Markup svg, PlotLine line)
    {
        if (line.Lower is { } lower)
        {
            var band = new StringBuilder();
            for (int point = 0; point < line.Points.Count; point++)
            {
                band.Append(point == 0 ? 'M' : 'L').Append(Place(line.Points[point]));
            }

            for (int point = lower.Count - 1; point >= 0; point--)
            {
                band.Append('L').Append(Place((line.Points[point].X, lower[point])));
            }

            svg.Element("path", [("class", $"band {line.Style}"), ("d", band.Append('Z').ToString())]);
        }

        var path = new StringBuilder();
        bool isDrawing = false;
        foreach ((double x, double y) in line.Points)
        {
            if (!double.IsFinite(y) || (Y.IsLogarithmic && y <= 0))
            {
                isDrawing = false;
                continue;
            }

            path.Append(isDrawing ? 'L' : 'M').Append(Place((x, y)));
            isDrawing = true;
        }

        svg.Element("path", [("class", $"line {line.Style}"), ("style", Dashes(line)), ("d", path.ToString())]);
        if (line.IsDotted)
        {
            foreach ((double X, double Y) point in line.Points.Where(point => double.IsFinite(point.Y)))
            {
                svg.Element("circle", [("class", line.Style), ("cx", Markup.Number(Horizontal(point.X))), ("cy", Markup.Number(Vertical(point.Y))), ("r", "2.2")]);
            }
        }
    }

    /// <summary>A dash and one dot more for every round, none of which is a dash of a style.</summary>
    private static string? Dashes(PlotLine line) =>
        line.Round == 0 ? null : $"stroke-dasharray:7 2{string.Concat(Enumerable.Repeat(" 1.5 2", line.Round))}";

    private string Place((double X, double Y) point) => $"{Markup.Number(Horizontal(point.X))} {Markup.Number(Vertical(point.Y))}";

    private double Horizontal(double value) => Left + (X.At(value) * (Width - Left - Right));

    private double Vertical(double value) => Height - Bottom - (Y.At(value) * (Height - Top - Bottom));

    private static void Label(Markup svg, double x, double y, string anchor, string text, string? style = null) => svg.Element(
        "text", [("class", style), ("x", Markup.Number(x)), ("y", Markup.Number(y)), ("text-anchor", anchor)], inner => inner.Write(text));
}
