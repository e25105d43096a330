using MambaQuant.Dashboard.Drawing;
using MambaQuant.Quant.Checkpoints;

namespace MambaQuant.Dashboard.Reports;

/// <summary>The magnitudes of the channels at every site, before and after: outliers, and what became of them.</summary>
internal static class ChannelSection
{
    private const int MostColumns = 64;

    /// <summary>Writes the section; nothing where nothing was observed.</summary>
    /// <param name="page">The page.</param>
    /// <param name="files">The checkpoint.</param>
    public static void Write(Markup page, CheckpointFiles files)
    {
        if (files.Pictures is not { } pictures || pictures.Layers.All(layer => layer.Sites.IsEmpty))
        {
            return;
        }

        (string Site, string Axis)[] sites = [.. pictures.Layers.SelectMany(layer => layer.Sites.Select(site => (site.Site, site.Axis))).Distinct()];
        PageFrame.Section(page, "Channels before and after", section =>
        {
            section.Text("p", "Each row is a layer, each column some neighbouring channels, of which the largest counts. The colour tells how far it stands above the median channel of its layer: streaks are outlier channels, of which little should be left where channels share a scale (h, the scan_state, has a scale per channel).");
            Legend(section, "h", Shades.ExcessNames);
            foreach ((string site, string axis) in sites)
            {
                SitePicture?[] rows = [.. pictures.Layers.Select(layer => layer.Sites.FirstOrDefault(found => found.Site == site && found.Axis == axis))];
                bool hasMagnitudes = rows.Any(row => row?.MagnitudeAfter is not null || row?.MagnitudeBefore is not null);
                section.Text("h3", Name(site, axis) + (hasMagnitudes ? ", largest magnitude" : ", variance"));
                section.Group("div", "panels", panels =>
                {
                    Map(panels, "before", Name(site, axis), axis, rows, row => hasMagnitudes ? row.MagnitudeBefore : row.VarianceBefore);
                    Map(panels, "after", Name(site, axis), axis, rows, row => hasMagnitudes ? row.MagnitudeAfter : row.VarianceAfter);
                });
            }

            Summary(section, pictures, sites);
        });
    }

    /// <summary>Writes what colours stand for.</summary>
    /// <param name="section">The section.</param>
    /// <param name="palette">Prefix of the classes.</param>
    /// <param name="names">What they stand for.</param>
    public static void Legend(Markup section, string palette, string[] names) => section.Group("p", "legend scale", legend =>
    {
        for (int shade = 0; shade < names.Length; shade++)
        {
            string style = $"{palette}{shade}", name = names[shade];
            legend.Group("span", "key", key => key
                .Element("svg", [("viewBox", "0 0 12 12"), ("class", "chip"), ("aria-hidden", "true"), ("xmlns", Markup.SvgNamespace)], svg =>
                    svg.Element("rect", [("class", style), ("width", "12"), ("height", "12")]))
                .Write(name));
        }
    });

    /// <summary>The bins of a profile, joined until they fit a map.</summary>
    /// <param name="values">The bins.</param>
    /// <param name="join">The value of some bins together.</param>
    public static double[] Columns(IReadOnlyList<double> values, Func<IEnumerable<double>, double> join) =>
        [.. values.Chunk((values.Count + MostColumns - 1) / MostColumns).Select(chunk => join(chunk))];

    private static void Map(Markup panels, string when, string name, string axis, SitePicture?[] rows, Func<SitePicture, ChannelProfile?> select)
    {
        ChannelProfile?[] profiles = [.. rows.Select(row => row is null ? null : select(row))];
        if (profiles.All(profile => profile is null))
        {
            return;
        }

        double?[] ratios = [.. profiles.Select(profile => profile?.MaximumOverMedian)];
        double worst = ratios.OfType<double>().DefaultIfEmpty(double.NaN).Max();
        int channels = profiles.OfType<ChannelProfile>().First().Channels;
        new HeatMap(
            $"{when}: up to {Figures.Times(worst)} the median",
            $"{name}, {when}: how far the channels of each layer stand above the median of the layer; at most {Figures.Times(worst)}.",
            [.. profiles.Select(profile => profile is null ? [] : Cells(profile))],
            Shades.ExcessCount,
            "h",
            $"{axis} (of {channels})").Write(panels);
    }

    private static int[] Cells(ChannelProfile profile)
    {
        double median = profile.Quantiles[3];
        return [.. Columns(profile.Largest, chunk => chunk.Max()).Select(value => median > 0 ? Shades.OfExcess(value / median) : -1)];
    }

    private static void Summary(Markup section, CheckpointPictures pictures, (string Site, string Axis)[] sites)
    {
        var table = new Table(
            "Largest channel over the median channel: median and worst of the layers. 1× is flat.",
            ["site", "magnitude before", "worst", "after", "worst", "variance before", "worst", "after", "worst"]);
        foreach ((string site, string axis) in sites)
        {
            SitePicture[] rows = [.. pictures.Layers.SelectMany(layer => layer.Sites.Where(found => found.Site == site && found.Axis == axis))];
            table.Add([Name(site, axis), .. Ratios(rows, row => row.MagnitudeBefore), .. Ratios(rows, row => row.MagnitudeAfter), .. Ratios(rows, row => row.VarianceBefore), .. Ratios(rows, row => row.VarianceAfter)]);
        }

        foreach (SitePicture site in pictures.Ends.Sites)
        {
            table.Add([site.Site, .. Ratios([site], row => row.MagnitudeBefore), .. Ratios([site], row => row.MagnitudeAfter), .. Ratios([site], row => row.VarianceBefore), .. Ratios([site], row => row.VarianceAfter)]);
        }

        table.Write(section);
    }

    private static TableCell[] Ratios(SitePicture[] rows, Func<SitePicture, ChannelProfile?> select)
    {
        double[] known = [.. rows.Select(row => select(row)?.MaximumOverMedian).OfType<double>().Order()];
        return known.Length == 0 ? [Figures.Nothing, Figures.Nothing] : [Figures.Times(known[known.Length / 2]), Figures.Times(known[^1])];
    }

    private static string Name(string site, string axis) => axis == "channel" ? site : $"{site} by {axis}";
}
