using System.Xml.Linq;
using MambaQuant.Dashboard.Reports;
using MambaQuant.Quant.Recipes;
using Xunit;

namespace MambaQuant.Dashboard.Tests.Reports;

public sealed class ComparisonTests(ReportedModel model) : IClassFixture<ReportedModel>
{
    [Fact]
    public void EveryCheckpoint_HasALineThatNoOtherHas()
    {
        const int count = 12;
        string path = Path.Combine(model.Root, "comparison.html"), folder = model.Checkpoint(RecipePresets.RoundToNearest);
        Comparison.Read(Enumerable.Repeat(folder, count)).Write(path);

        XDocument page = XDocument.Parse(File.ReadAllText(path).Replace("<!DOCTYPE html>\n", string.Empty, StringComparison.Ordinal));
        XElement[] figures = [.. page.Descendants().Where(element => element.Name.LocalName == "figure" && element.Attribute("class")?.Value == "plot")];
        Assert.NotEmpty(figures);
        Assert.All(figures, figure =>
        {
            (string? Colour, string? Dashes)[] lines = [.. figure.Descendants()
                .Where(element => element.Attribute("class")?.Value.StartsWith("line ", StringComparison.Ordinal) == true)
                .Select(element => (element.Attribute("class")?.Value, element.Attribute("style")?.Value))];

            // Once in the chart, once in its legend.
            Assert.Equal(2 * count, lines.Length);
            Assert.Equal(count, lines.Distinct().Count());
        });
    }
}
