using System.Globalization;
using MambaQuant.Silo.Tests.Running;
using MambaQuant.Testing;

namespace MambaQuant.Reports.Cluster;

/// <summary>The same job by two silos with a slot each, and by <c>quantize</c> with two workers, in turns.</summary>
internal static class Overhead
{
    // Enough for half a minute or more: what starting a client costs is seconds, whatever the job.
    private const int Samples = 512, SamplesOfItsOwn = 176, WarmingSamples = 8;

    /// <summary>Measures.</summary>
    /// <param name="pairs">How often.</param>
    /// <param name="text">
    /// The text to calibrate on; null for the one that the model writes itself: one item, for which the embedded engine has all threads of the machine
    /// and a silo of one thread has one.
    /// </param>
    public static async Task<string> MeasureAsync(int pairs, string? text)
    {
        int samples = text is null ? SamplesOfItsOwn : Samples;
        var times = new List<(double Alone, double Cluster)>();
        int different = 0;
        for (int seed = 0; seed <= pairs; seed++)
        {
            // The first pair, a short one, warms the disk's cache.
            (double alone, double cluster, bool isSame) = await PairAsync(seed, seed == 0 ? WarmingSamples : samples, text);
            different += isSame ? 0 : 1;
            if (seed > 0)
            {
                times.Add((alone, cluster));
                ClusterCommand.Say($"pair {seed} of {pairs}: quantize {alone:F1} s, submit {cluster:F1} s, {cluster / alone:F2} times");
            }
        }

        double[] ratios = [.. times.Select(pair => pair.Cluster / pair.Alone)];
        return string.Create(
            CultureInfo.InvariantCulture,
            $"## Beside the embedded engine\n\nmamba-5m, `mambaquant` W8A8, {samples} × 512 tokens{(text is null ? " that the model writes itself" : "")}, 4 shards in 2 blocks; {pairs} pairs in turns, whole commands from start to end, checkpoint downloaded; two silos with one slot and one thread each, which have run a small job before. Checkpoints that differ in any byte: {different}.\n\n"
            + $"| | median s | least s | most s |\n|---|---:|---:|---:|\n{Row("`quantize --workers 2`", times.Select(pair => pair.Alone), "F1")}{Row("`submit --wait`", times.Select(pair => pair.Cluster), "F1")}{Row("times the first (aim: 1.10)", ratios, "F2")}\n");
    }

    private static string Row(string what, IEnumerable<double> values, string format)
    {
        double[] all = [.. values];
        return $"| {what} | {Spread.Median(all).ToString(format, CultureInfo.InvariantCulture)} | {all.Min().ToString(format, CultureInfo.InvariantCulture)} | {all.Max().ToString(format, CultureInfo.InvariantCulture)} |\n";
    }

    /// <summary>A store and silos of its own for each pair, so that nothing is there already.</summary>
    private static async Task<(double Alone, double Cluster, bool IsSame)> PairAsync(int seed, int samples, string? text)
    {
        using var folder = new TemporaryDirectory();
        string model = Path.Combine(ProgramFile.Root(), "samples", "mamba-5m");
        string[] job = [model, "--samples", Text(samples), "--seq-len", "512", "--shards", "4", "--blocks", "2", "--seed", Text(seed), .. text is null ? (string[])[] : ["--calibration", text]];
        string alone = folder.File("alone"), together = folder.File("cluster");
        double embedded = ProgramFile.Run(["quantize", .. job, "--workers", "2", "--out", alone]);
        await using RealCluster cluster = await RealCluster.StartAsync(2, more: []);
        string[] where = ["--store", cluster.Location, "--clustering", "redis", "--redis", cluster.Redis.ConnectionString, "--wait", "--out"];

        // Silos outlive jobs: what a process compiles while it computes for the first time, seconds of each, is the first job's.
        ProgramFile.Run(["submit", model, "--samples", Text(WarmingSamples), "--seq-len", "512", "--seed", "1000", .. where, folder.File("first")]);
        double spread = ProgramFile.Run(["submit", .. job, .. where, together]);
        return (embedded, spread, KilledRuns.HashOf(alone) == KilledRuns.HashOf(together));
    }

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
