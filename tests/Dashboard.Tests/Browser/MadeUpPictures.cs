using System.Text;
using System.Text.Json;
using MambaQuant.Pipeline.Planning;

namespace MambaQuant.Dashboard.Tests.Browser;

/// <summary>Pictures and reports as items leave them, of numbers that look like those of a model.</summary>
internal static class MadeUpPictures
{
    private static readonly string[] Sites = ["in_proj_input", "conv1d_input", "x_proj_input", "dt_proj_input", "scan_state", "out_proj_input"];
    private static readonly string[] Modules = ["in_proj", "conv1d", "x_proj", "dt_proj", "out_proj"];

    /// <summary>Puts the pictures of a layer, or of the rotation, into a store.</summary>
    /// <param name="source">Whose store.</param>
    /// <param name="item">The item that would have made them.</param>
    public static Task PutAsync(MadeUpSource source, WorkItem item)
    {
        var random = new Random(item.Index);
        return item.Kind switch
        {
            WorkKind.ResidualRotation => source.PutAsync(item, (ItemOutputs.Picture, Json(new { rotations = new[] { Rotation("ResidualStream", random, 768) } }))),
            WorkKind.Transform => source.PutAsync(item, (ItemOutputs.Picture, Json(new
            {
                rotations = new[] { Rotation("TimeStepRank", random, 48) },
                smoothings = new[] { "GateToOutProj", "XProjToDtProj" }.Select(site => new { site, strength = 0.55, factors = Profile(random, 1536, 0.6) }),
            }))),
            _ => source.PutAsync(
                item,
                (ItemOutputs.Picture, Json(new
                {
                    sites = Sites.Select(site => new
                    {
                        site,
                        axis = site == "scan_state" ? "state" : "channel",
                        magnitude_before = Profile(random, 1536, 1.2),
                        magnitude_after = Profile(random, 1536, 0.2),
                        variance_before = site == "in_proj_input" ? Profile(random, 768, 2) : null,
                        variance_after = site == "in_proj_input" ? Profile(random, 768, 0.1) : null,
                    }),
                })),
                (ItemOutputs.Report, Json(new
                {
                    Modules = Modules.Select(module => new { Module = module, Weights = new { Bits = 4, Strategy = "Group" }, Bytes = 1_234_567, SqnrBefore = Decibels(random, 18), SqnrAfter = Decibels(random, 22) }),
                    Sites = Sites.Select(site => new { Site = site, Input = new { Bits = 8, Strategy = "Tensor" }, SqnrBefore = Decibels(random, 24), SqnrAfter = Decibels(random, 38) }),
                    Smoothings = Array.Empty<object>(),
                }))),
        };
    }

    private static double Decibels(Random random, double around) => around + (6 * random.NextDouble());

    private static byte[] Json(object value) => Encoding.UTF8.GetBytes(JsonSerializer.Serialize(value));

    private static object Rotation(string site, Random random, int channels)
    {
        int[] ranks = [.. Enumerable.Range(0, 60).Select(power => (int)Math.Pow(1.117, power)).Distinct().TakeWhile(rank => rank <= channels)];
        return new
        {
            site,
            centered = true,
            before = Profile(random, channels, 2),
            hadamard = Profile(random, channels, 0.5),
            klt = Profile(random, channels, 0.03),
            spectrum_ranks = ranks,
            spectrum = ranks.Select(rank => 40 * Math.Pow(rank, -1.3)),
        };
    }

    private static object Profile(Random random, int channels, double spread)
    {
        int perBin = (channels + 127) / 128;
        double[] values = [.. Enumerable.Range(0, (channels + perBin - 1) / perBin).Select(_ => Math.Exp(spread * Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble())))];
        double[] sorted = [.. values.Order()];
        return new
        {
            channels,
            channels_per_bin = perBin,
            largest = values,
            quantiles = new[] { 0, 0.01, 0.25, 0.5, 0.75, 0.99, 1 }.Select(share => sorted[(int)(share * (sorted.Length - 1))]),
            maximum_over_median = sorted[^1] / sorted[sorted.Length / 2],
        };
    }
}
