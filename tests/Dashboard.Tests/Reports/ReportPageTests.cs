using System.Globalization;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using System.Xml.Linq;
using MambaQuant.Dashboard.Reports;
using MambaQuant.Quant.Checkpoints;
using MambaQuant.Quant.Recipes;
using Xunit;

namespace MambaQuant.Dashboard.Tests.Reports;

public sealed partial class ReportPageTests(ReportedModel model) : IClassFixture<ReportedModel>
{
    public static TheoryData<string, string> Kinds => new()
    {
        { RecipePresets.MambaQuant, "W4A8" },
        { RecipePresets.MambaQuant, "W4A16" },
        { RecipePresets.QuaRot, "W8A8" },
        { RecipePresets.RoundToNearest, "W8A16" },
        { RecipePresets.SmoothQuant, "W8A8" },
    };

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Page_IsWellFormedAndNeedsNothingElse(string preset, string scheme)
    {
        string text = Page(model.Checkpoint(preset, scheme), new ReportFacts { Model = "some/model" });
        XDocument page = Parse(text);
        Assert.Empty(Named(page, "script").Concat(Named(page, "link")).Concat(Named(page, "img")).Concat(Named(page, "iframe")));
        Assert.DoesNotContain(page.Descendants().Attributes(), attribute => attribute.Name.LocalName is "src" or "href" || attribute.Name.LocalName.StartsWith("on", StringComparison.OrdinalIgnoreCase));
        Assert.DoesNotMatch(@"https?://(?!www\.w3\.org/2000/svg)", text);
        Assert.DoesNotMatch(@"url\(|@import", text);
        Assert.DoesNotContain(model.Root, text, StringComparison.Ordinal);
        Assert.DoesNotContain(Environment.MachineName + "\"", text, StringComparison.Ordinal);
        Assert.DoesNotContain("NaN", text, StringComparison.Ordinal);
        Assert.DoesNotContain("∞", text, StringComparison.Ordinal);
    }

    [Fact]
    public void EveryPicture_HasATitleADescriptionAndUnits()
    {
        XDocument page = Parse(Page(model.Checkpoint(RecipePresets.MambaQuant), new ReportFacts()));
        XElement[] pictures = [.. Named(page, "svg").Where(svg => svg.Attribute("role")?.Value == "img")];
        Assert.True(pictures.Length > 20, $"{pictures.Length} pictures");
        Assert.All(pictures, svg =>
        {
            Assert.Equal(["title", "desc"], svg.Elements().Take(2).Select(element => element.Name.LocalName));
            Assert.All(svg.Elements().Take(2), element => Assert.NotEmpty(element.Value));
            Assert.Equal(2, svg.Elements().Count(element => element.Attribute("class")?.Value == "name"));
        });
        Assert.All(Named(page, "svg").Where(svg => svg.Attribute("role") is null), svg => Assert.Equal("true", svg.Attribute("aria-hidden")?.Value));
        Assert.All(Named(page, "table"), table => Assert.NotEmpty(Named(table, "caption").Single().Value));
    }

    [Fact]
    public void Figures_AreThoseOfTheReport()
    {
        string folder = model.Checkpoint(RecipePresets.MambaQuant);
        XDocument page = Parse(Page(folder, new ReportFacts()));
        JsonNode report = JsonNode.Parse(File.ReadAllText(Path.Combine(folder, "report.json")))!;
        foreach ((string caption, string list, string name) in new[] { ("SQNR of the weights", "modules", "module"), ("SQNR of the activations", "sites", "site") })
        {
            XElement table = Named(page, "table").Single(table => Named(table, "caption").Single().Value.StartsWith(caption, StringComparison.Ordinal));
            string[] columns = [.. Named(Named(table, "thead").Single(), "th").Select(cell => cell.Value)];
            XElement[] rows = [.. Named(Named(table, "tbody").Single(), "tr")];
            JsonArray layers = report["layers"]!.AsArray();
            Assert.Equal(layers.Count, rows.Length);
            foreach ((JsonNode? layer, XElement row) in layers.Zip(rows))
            {
                foreach (JsonNode? entry in layer![list]!.AsArray())
                {
                    string cell = row.Elements().ElementAt(Array.IndexOf(columns, entry![name]!.GetValue<string>())).Value;
                    JsonNode? expected = entry["sqnr_after"];
                    Assert.Equal(expected is null ? "–" : expected.GetValueKind() == System.Text.Json.JsonValueKind.String ? "exact" : expected.GetValue<double>().ToString("0.0", CultureInfo.InvariantCulture), cell);
                }
            }
        }
    }

    [Fact]
    public void Klt_IsToldBesideHadamardAlone()
    {
        string folder = model.Checkpoint(RecipePresets.MambaQuant);
        string text = Parse(Page(folder, new ReportFacts())).Root!.Value;
        RotationPicture residual = CheckpointPictures.Find(folder)!.Ends.Rotations[0];
        Assert.Equal(1, residual.Klt.MaximumOverMedian);
        Assert.Contains("1.00× after K·H, which is what was written.", text, StringComparison.Ordinal);
        Assert.Contains($"{Math.Round(residual.Hadamard.MaximumOverMedian!.Value, 2, MidpointRounding.AwayFromZero).ToString("0.00", CultureInfo.InvariantCulture)}× after Hadamard alone", text, StringComparison.Ordinal);
    }

    [Fact]
    public void Evaluation_StandsAsTheTableOfQuantizeHasIt_BesideTheOthersOfTheCall()
    {
        string folder = model.Copy("one"), other = model.Copy("two", RecipePresets.QuaRot);
        ReportedModel.Evaluation.Write(folder);
        string text = Parse(Page(folder, new ReportFacts { Call = [folder, other] })).Root!.Value;
        Assert.All(["28.432", "28.962", "+1.86 %", "0.03759", "88.34 %", "1,234", "quarot W4A8"], figure => Assert.Contains(figure, text, StringComparison.Ordinal));
    }

    [Fact]
    public void Commands_HoldWhatTheUserTyped_QuotedForAShell()
    {
        string folder = model.Copy("checkpoint");
        ReportedModel.Evaluation.Write(folder);
        string page = Parse(Page(folder, new ReportFacts { Model = "my model's", Calibration = "self", EvaluationText = "dir/text.txt", Options = ["--shards", "2"] })).Root!.Value;
        Assert.Contains(@"mambaquant quantize 'my model'\''s' --out NEW-FOLDER --recipe recipe.yaml --calibration self --samples 4 --seq-len 16 --seed 1 --shards 2", page, StringComparison.Ordinal);
        Assert.Contains(@"mambaquant evaluate NEW-FOLDER --text dir/text.txt --window 64 --reference 'my model'\''s'", page, StringComparison.Ordinal);
    }

    [Fact]
    public void ControlsInNames_AreWrittenAsAShellReadsThem()
    {
        string page = Parse(Page(model.Copy("checkpoint"), new ReportFacts { Model = "a\tb\r\n'c\\d\u0001" })).Root!.Value;

        Assert.Contains(@"mambaquant quantize $'a\tb\r\n\'c\\d\u0001' --out", page, StringComparison.Ordinal);
    }

    [Fact]
    public void HostileWords_StayWords()
    {
        const string word = "</title><script>alert('x')</script>\" onload=\"1 \u0001\U0001F600";
        string folder = model.Copy("</p><b>");
        foreach (string file in new[] { "report.json", "recipe.yaml", "manifest.json" })
        {
            string path = Path.Combine(folder, file), text = File.ReadAllText(path);
            File.WriteAllText(path, file switch
            {
                "recipe.yaml" => "# </pre><script>alert(2)</script>\n" + text,
                "report.json" => Replaced(text, "recipe", word),
                _ => Replaced(text, "profile", word),
            });
        }

        (ReportedModel.Evaluation with { Text = word }).Write(folder);
        string page = Page(folder, new ReportFacts { Model = word, Calibration = word, EvaluationText = word, Call = [folder, model.Copy("<i>")] });
        XDocument read = Parse(page);
        Assert.Empty(Named(read, "script").Concat(Named(read, "b")).Concat(Named(read, "i")));
        Assert.DoesNotContain("<script", page, StringComparison.OrdinalIgnoreCase);
        Assert.Contains("</title><script>alert('x')</script>", read.Root!.Value, StringComparison.Ordinal);
        Assert.Contains("</pre><script>alert(2)</script>", read.Root!.Value, StringComparison.Ordinal);

        static string Replaced(string json, string name, string value)
        {
            JsonNode node = JsonNode.Parse(json)!;
            node[name] = value;
            return node.ToJsonString();
        }
    }

    [Fact]
    public void OlderCheckpoint_HasAReportWithoutPictures()
    {
        string folder = model.Copy("older");
        File.Delete(Path.Combine(folder, CheckpointPictures.FileName));
        File.Delete(Path.Combine(folder, "run.json"));
        XDocument page = Parse(Page(folder, new ReportFacts()));
        Assert.DoesNotContain(Named(page, "h2"), heading => heading.Value.StartsWith("Channels", StringComparison.Ordinal));
        Assert.Contains(Named(page, "h2"), heading => heading.Value.StartsWith("What was lost", StringComparison.Ordinal));
    }

    [Fact]
    public void SixtyFourLayers_StayBelowTwoMegabytes()
    {
        string folder = model.Copy("large");
        CheckpointPictures small = CheckpointPictures.Find(folder)!;
        var random = new Random(3);

        // Every column of a map has a colour of its own.
        ChannelProfile Wide() => ChannelProfile.Of([.. Enumerable.Range(0, 64).SelectMany(_ => Enumerable.Repeat(Math.Exp(4 * (random.NextDouble() - 0.5)), 80))], withSmallest: true);
        LayerPicture Layer(int index) => small.Layers[index % small.Layers.Length] with
        {
            Sites = [.. small.Layers[0].Sites.Select(site => site with { MagnitudeBefore = Wide(), MagnitudeAfter = Wide() })],
            Smoothings = [.. small.Layers[0].Smoothings.Select(smoothing => smoothing with { Strength = 0.5, Factors = Wide() })],
        };
        var large = new CheckpointPictures { Ends = small.Ends, Layers = [.. Enumerable.Range(0, 64).Select(Layer)] };
        File.WriteAllText(Path.Combine(folder, CheckpointPictures.FileName), JsonOf(large));
        JsonNode report = JsonNode.Parse(File.ReadAllText(Path.Combine(folder, "report.json")))!;
        JsonArray layers = report["layers"]!.AsArray();
        while (layers.Count < 64)
        {
            layers.Add(layers[0]!.DeepClone());
        }

        File.WriteAllText(Path.Combine(folder, "report.json"), report.ToJsonString());

        // Measured: 1,034,184, with the worst that a heat map can hold.
        int size = System.Text.Encoding.UTF8.GetByteCount(Page(folder, new ReportFacts()));
        Assert.True(size is > 200_000 and < 2_000_000, $"{size} bytes");
    }

    [Theory]
    [InlineData("report.json", "{")]
    [InlineData("report.json", "{\"format_version\":2}")]
    [InlineData("report.json", "[]")]
    [InlineData("pictures.json", "{}")]
    [InlineData("evaluation.json", "{}")]
    [InlineData("run.json", "[1]")]
    [InlineData("manifest.json", "{}")]
    public void DamagedFile_IsRefusedByName(string file, string content)
    {
        string folder = model.Copy("damaged");
        File.WriteAllText(Path.Combine(folder, file), content);
        InvalidCheckpointException error = Assert.Throws<InvalidCheckpointException>(() => ReportPage.Write(folder, new ReportFacts()));
        Assert.Contains(file, error.Message, StringComparison.Ordinal);
        Assert.False(File.Exists(Path.Combine(folder, ReportPage.FileName)));
    }

    private static string JsonOf(CheckpointPictures pictures) =>
        $"{{\"format_version\":1,\"ends\":{System.Text.Encoding.UTF8.GetString(pictures.Ends.ToJson())},\"layers\":[{string.Join(',', pictures.Layers.Select(layer => System.Text.Encoding.UTF8.GetString(layer.ToJson())))}]}}";

    private static string Page(string folder, ReportFacts facts)
    {
        ReportPage.Write(folder, facts);
        Assert.DoesNotContain(Directory.EnumerateFiles(folder), file => file.EndsWith(".partial", StringComparison.Ordinal));
        return File.ReadAllText(Path.Combine(folder, ReportPage.FileName));
    }

    private static XDocument Parse(string page) => XDocument.Parse(Doctype().Replace(page, string.Empty, 1), LoadOptions.PreserveWhitespace);

    private static IEnumerable<XElement> Named(XContainer page, string name) => page.Descendants().Where(element => element.Name.LocalName == name);

    [GeneratedRegex("^<!DOCTYPE html>\n")]
    private static partial Regex Doctype();
}
