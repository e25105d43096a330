using System.Diagnostics;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using MambaQuant.Pipeline.Artifacts;

namespace MambaQuant.Testing;

/// <summary>Runs of a program that are killed at random moments and begun again with the same command, until they come to their end.</summary>
/// <param name="Kills">How many processes were killed.</param>
/// <param name="Rounds">How many checkpoints came of it; each round begins with nothing.</param>
/// <param name="Repeated">Items that were begun again, as the checkpoints' run.json say.</param>
/// <param name="MostRepeated">Of the killed runs whose journal was kept, the most items that one of them has on its conscience (<see cref="KilledRun.Repeated"/>).</param>
/// <param name="Runs">The killed runs whose journal was kept, as their journals tell them.</param>
/// <param name="Hashes">One hash over all files of a checkpoint but those that tell of a run, as many as there are different ones.</param>
public sealed record KilledRuns(int Kills, int Rounds, int Repeated, int MostRepeated, IReadOnlyList<KilledRun> Runs, IReadOnlyCollection<string> Hashes)
{
    /// <summary>Kills, until the number is reached, and then lets the last run finish.</summary>
    /// <param name="folder">An empty folder for outputs.</param>
    /// <param name="arguments">What to start for an output folder and the number of a round: program and arguments.</param>
    /// <param name="kills">How many processes to kill.</param>
    /// <param name="longest">A process is killed at any moment up to this one, unless it ends before.</param>
    /// <param name="seed">Seed of the moments.</param>
    /// <param name="openStore">Opens the store of a round, which must outlive it, to read what each killed run repeated; null where it does not.</param>
    /// <exception cref="InvalidOperationException">A run that was not killed failed; the message has what it printed.</exception>
    public static KilledRuns Of(
        string folder, Func<string, int, string[]> arguments, int kills, TimeSpan longest, int seed, Func<int, IArtifactStore>? openStore = null)
    {
        var random = new Random(seed);
        var hashes = new SortedSet<string>(StringComparer.Ordinal);
        int killed = 0, repeated = 0, round = 0;
        var runs = new List<KilledRun>();
        do
        {
            string output = Path.Combine(folder, $"round-{round}");
            string[] command = arguments(output, round);
            while (Start(command, killed < kills ? random.NextDouble() * longest : null))
            {
                killed++;
            }

            repeated += Repeats(output);
            runs.AddRange(openStore is null ? [] : KilledRun.Of(openStore(round)));
            hashes.Add(HashOf(output));
            round++;
        }
        while (killed < kills);
        return new KilledRuns(killed, round, repeated, runs.Select(run => run.Repeated).DefaultIfEmpty(0).Max(), runs, hashes);
    }

    /// <summary>One hash over all files of a checkpoint but those that tell of a run, which tells times.</summary>
    /// <param name="checkpoint">Its folder.</param>
    public static string HashOf(string checkpoint)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (string file in Directory.EnumerateFiles(checkpoint).Where(file => !RunFiles.Has(file)).Order(StringComparer.Ordinal))
        {
            hash.AppendData(Encoding.UTF8.GetBytes(Path.GetFileName(file)));
            hash.AppendData(SHA256.HashData(File.ReadAllBytes(file)));
        }

        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    /// <summary>Runs a process once.</summary>
    /// <returns>Whether it was killed.</returns>
    private static bool Start(string[] command, TimeSpan? killAfter)
    {
        var start = new ProcessStartInfo(command[0], command[1..]) { RedirectStandardError = true, RedirectStandardOutput = true };
        using Process process = Process.Start(start)!;
        Task<string> error = process.StandardError.ReadToEndAsync(), output = process.StandardOutput.ReadToEndAsync();
        if (killAfter is { } moment && !process.WaitForExit(moment))
        {
            process.Kill();
            process.WaitForExit();
            if (process.ExitCode != 0)
            {
                return true;
            }
        }

        process.WaitForExit();
        return process.ExitCode == 0
            ? false
            : throw new InvalidOperationException($"'{string.Join(' ', command)}' ended with {process.ExitCode}:\n{output.Result}\n{error.Result}");
    }

    private static int Repeats(string checkpoint)
    {
        using JsonDocument run = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(checkpoint, "run.json")));
        return run.RootElement.GetProperty("items").GetProperty("repeated").GetInt32();
    }
}
