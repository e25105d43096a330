using MambaQuant.Dashboard.Drawing;
using MambaQuant.Quant.Checkpoints;

namespace MambaQuant.Dashboard.Reports;

/// <summary>Why the rotation is a KLT: it gives every channel the same variance, which a Hadamard matrix alone does not.</summary>
internal static class RotationSection
{
    /// <summary>Writes the section; nothing where the recipe has no KLT.</summary>
    /// <param name="page">The page.</param>
    /// <param name="files">The checkpoint.</param>
    public static void Write(Markup page, CheckpointFiles files)
    {
        if (files.Pictures is not { } pictures || (pictures.Ends.Rotations.IsEmpty && pictures.Layers.All(layer => layer.Rotations.IsEmpty)))
        {
            return;
        }

        PageFrame.Section(page, "Rotations: the variance of the channels", section =>
        {
            section.Text("p", "One scale serves all channels of an activation, so a channel that stands out costs all others their precision. A Hadamard matrix H mixes the channels, but how much variance each is left with depends on how they are correlated. With the eigenvectors K of their covariance in front, K·H gives all the same.");
            foreach (RotationPicture rotation in pictures.Ends.Rotations)
            {
                One(section, rotation);
            }

            foreach (string site in pictures.Layers.SelectMany(layer => layer.Rotations.Select(rotation => rotation.Site)).Distinct())
            {
                Layers(section, site, pictures);
            }
        });
    }

    private static void One(Markup section, RotationPicture rotation)
    {
        string what = rotation.Centered ? "variance" : "mean square";
        section.Text("h3", rotation.Site);
        section.Text("p", $"Largest {what} over the median: {Figures.Times(rotation.Before.MaximumOverMedian)} before, {Figures.Times(rotation.Hadamard.MaximumOverMedian)} after Hadamard alone, {Figures.Times(rotation.Klt.MaximumOverMedian)} after K·H, which is what was written.", "finding");
        ChannelProfile[] all = [rotation.Before, rotation.Hadamard, rotation.Klt];
        Axis y = Axis.Around($"{what} (activation²)", all.SelectMany(profile => profile.Largest.Concat(profile.Smallest ?? [])), isLogarithmic: true);
        section.Group("div", "panels", panels =>
        {
            Profile(panels, "before", "before", rotation.Before, what, y);
            Profile(panels, "Hadamard alone", "hadamard", rotation.Hadamard, what, y);
            Profile(panels, "K·H, as written", "after", rotation.Klt, what, y);
            Spectrum(panels, rotation);
        });
    }

    private static void Profile(Markup panels, string name, string style, ChannelProfile profile, string what, Axis y)
    {
        // A bin is a step as wide as its channels.
        List<(double, double)> upper = [];
        List<double> lower = [];
        for (int bin = 0; bin < profile.Largest.Length; bin++)
        {
            double from = (double)bin * profile.ChannelsPerBin, to = Math.Min(profile.Channels, from + profile.ChannelsPerBin);
            upper.Add((from, profile.Largest[bin]));
            upper.Add((to, profile.Largest[bin]));
            double smallest = profile.Smallest is { } kept ? kept[bin] : profile.Largest[bin];
            lower.AddRange([smallest, smallest]);
        }

        new Plot(
            $"{name}: up to {Figures.Times(profile.MaximumOverMedian)} the median",
            $"The {what} of {profile.Channels} channels, {name}: from {Figures.Short(profile.Quantiles[0])} to {Figures.Short(profile.Quantiles[^1])}, median {Figures.Short(profile.Quantiles[3])}. The band reaches from the smallest to the largest of neighbouring channels.",
            new Axis("channel", 0, profile.Channels),
            y)
        {
            Lines = [new PlotLine(name, style, upper) { Lower = lower }],
        }.Write(panels);
    }

    private static void Spectrum(Markup panels, RotationPicture rotation)
    {
        List<(double X, double Y)> points = [.. rotation.SpectrumRanks.Zip(rotation.Spectrum).Select(pair => ((double)pair.First, pair.Second))];
        double largest = points.Count == 0 ? 1 : points.Max(point => point.Y);

        // What lies a billion below the first is rounding: it would squeeze everything else.
        List<(double X, double Y)> shown = [.. points.Where(point => point.Y > largest * 1e-9)];
        new Plot(
            "Spectrum of the covariance",
            $"Eigenvalues of the covariance by rank, from {Figures.Short(largest)} down: the steeper, the more the channels are correlated.",
            new Axis("rank", 1, Math.Max(2, rotation.Before.Channels), IsLogarithmic: true),
            Axis.Around("eigenvalue (activation²)", shown.Select(point => point.Y), isLogarithmic: true))
        {
            Lines = [new PlotLine("eigenvalues", "ink", shown)],
        }.Write(panels);
    }

    private static void Layers(Markup section, string site, CheckpointPictures pictures)
    {
        (int Layer, RotationPicture Picture)[] found = [.. pictures.Layers.SelectMany((layer, index) => layer.Rotations.Where(rotation => rotation.Site == site).Select(rotation => (index, rotation)))];
        double Median(Func<RotationPicture, ChannelProfile> select) => found.Select(one => select(one.Picture).MaximumOverMedian ?? double.NaN).Order().ElementAt(found.Length / 2);
        section.Text("h3", $"{site}, every layer its own");
        section.Text("p", $"Largest variance over the median, median of the layers: {Figures.Times(Median(one => one.Before))} before, {Figures.Times(Median(one => one.Hadamard))} after Hadamard alone, {Figures.Times(Median(one => one.Klt))} after K·H.", "finding");
        PlotLine Line(string name, string style, Func<RotationPicture, ChannelProfile> select) =>
            new(name, style, [.. found.Select(one => ((double)one.Layer, select(one.Picture).MaximumOverMedian ?? double.NaN))]) { IsDotted = found.Length < 40 };
        PlotLine[] lines = [Line("before", "before", one => one.Before), Line("Hadamard alone", "hadamard", one => one.Hadamard), Line("K·H, as written", "after", one => one.Klt)];
        section.Group("div", "panels", panels => new Plot(
            "Largest variance over the median, by layer",
            $"By layer: before, after a Hadamard rotation alone, and after K·H, which lies at one.",
            new Axis("layer", 0, Math.Max(1, pictures.Layers.Length - 1)),
            Axis.Around("ratio (×)", lines.SelectMany(line => line.Points.Select(point => point.Y)).Append(1), isLogarithmic: true))
        {
            Lines = lines,
        }.Write(panels));
    }
}
