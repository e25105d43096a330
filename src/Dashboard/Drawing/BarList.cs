namespace MambaQuant.Dashboard.Drawing;

/// <summary>Bars that lie under their names, longest possible at the largest value: one SVG a bar, so that long names wrap.</summary>
/// <param name="Title">What they measure, with its unit.</param>
/// <param name="Bars">Name, length, what to write beside it, class in the style sheet.</param>
internal sealed record BarList(string Title, IReadOnlyList<(string Name, double Value, string Text, string Style)> Bars)
{
    private const double Width = 320, Height = 12;

    /// <summary>Writes the bars as a figure.</summary>
    /// <param name="page">The page.</param>
    public void Write(Markup page)
    {
        double longest = Bars.Select(bar => Math.Abs(bar.Value)).Where(double.IsFinite).DefaultIfEmpty(0).Max();
        page.Group("figure", "plot bars", figure =>
        {
            figure.Text("figcaption", Title);
            figure.Element("ul", null, list =>
            {
                foreach ((string name, double value, string text, string style) in Bars)
                {
                    double length = longest > 0 && double.IsFinite(value) ? Width * Math.Abs(value) / longest : 0;
                    list.Element("li", null, item => item
                        .Text("span", name, "name").Text("span", text, "value")
                        .Element("svg", [("viewBox", $"0 0 {Markup.Number(Width)} {Markup.Number(Height)}"), ("aria-hidden", "true"), ("xmlns", Markup.SvgNamespace)], svg => svg
                            .Element("rect", [("class", "track"), ("width", Markup.Number(Width)), ("height", Markup.Number(Height)), ("rx", "2")])
                            .Element("rect", [("class", $"fill {style}"), ("width", Markup.Number(length)), ("height", Markup.Number(Height)), ("rx", "2")])));
                }
            });
        });
    }
}
