using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Azure.Storage.Blobs;
using MambaQuant.Pipeline.Artifacts;
using MambaQuant.Storage;
using MambaQuant.Testing;

namespace MambaQuant.Reports;

/// <summary>Throughput of the stores against what the disk and the blob service give raw, both in one run, turn by turn.</summary>
internal static class StoresCommand
{
    private const int PieceSize = 1 << 20;
    private const string Emulator = "azurite";

    private static readonly Option<string[]> Places = new("--store")
    {
        Description = $"a folder in which to measure, or '{Emulator}' for an emulator of its own; several one after the other",
        DefaultValueFactory = _ => [Path.GetTempPath(), Emulator],
        AllowMultipleArgumentsPerToken = true,
    };

    private static readonly Option<int> Rounds = new("--rounds") { Description = "turns for 256 MiB; smaller contents have more", DefaultValueFactory = _ => 9 };
    private static readonly Option<FileInfo?> Output = new("--out") { Description = "markdown file to write; standard output without it" };

    /// <summary>The command.</summary>
    public static Command Create()
    {
        var command = new Command("stores", "Throughput of put and get of the stores as a ratio of raw throughput.") { Places, Rounds, Output };
        command.SetAction(async (parsed, _) =>
        {
            using var laboratory = new Laboratory();
            var text = new StringBuilder(
                "Medians of MB/s (10⁶ bytes), and the ratio of the store to raw, aim 0.8. Raw folder: `FileStream` without a buffer of its own, 1 MiB a call, written beside and "
                + "renamed. Raw Azurite: the client library's own parallel upload and download, 8 transfers of 8 MiB as the store has them. Raw does no checksum; the store "
                + "checksums every put and verifies every get. Raw and store take turns in one run. What was just written is read "
                + "from the system's page cache, so the rows 'page cache' have the hardest ratios: no disk to wait for. "
                + "'Disk': a put waits until the disk has the bytes, and a get finds none of them in the page cache; both raw and store. Verifying is one more pass over bytes that are in the processor's cache: no disk or network is fast enough to show it, a get from the page cache is.\n\n");
            text.Append(Checksums());
            text.Append("\n| where | size | put raw | put store | ratio | get raw | get store | ratio |\n|---|---:|---:|---:|---:|---:|---:|---:|\n");
            foreach (string place in parsed.GetValue(Places)!)
            {
                if (place == Emulator)
                {
                    await MeasureEmulatorAsync(text, parsed.GetValue(Rounds));
                }
                else
                {
                    await MeasureFolderAsync(text, place, flush: false, parsed.GetValue(Rounds));
                    await MeasureFolderAsync(text, place, flush: true, parsed.GetValue(Rounds));
                }
            }

            ReportFile.Write(parsed.GetValue(Output), "Stores", laboratory, text.ToString());
        });
        return command;
    }

    private static async Task MeasureFolderAsync(StringBuilder text, string place, bool flush, int rounds)
    {
        DirectoryInfo folder = Directory.CreateDirectory(Path.Combine(place, $"mambaquant-stores-{Environment.ProcessId}"));
        try
        {
            DirectoryInfo raw = folder.CreateSubdirectory("raw");
            DirectoryArtifactStore store = DirectoryArtifactStore.OpenOrCreate(Path.Combine(folder.FullName, "store"), flush);
            await MeasureAsync(text, flush ? "folder, disk" : "folder, page cache", new RawFolder(raw.FullName, flush), store, flush ? () => PageCache.Forget(folder) : null, rounds);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    private static async Task MeasureEmulatorAsync(StringBuilder text, int rounds)
    {
        if (AzuriteServer.MissingReason is { } reason)
        {
            text.Append($"\nNot measured: {reason}.\n");
            return;
        }

        using var folder = new TemporaryDirectory();
        using AzuriteServer server = AzuriteServer.Start(folder.Path);
        var options = new AzureBlobStoreOptions();
        var container = new BlobContainerClient(server.ConnectionString(), "raw");
        await container.CreateAsync();
        AzureBlobArtifactStore store = await AzureBlobArtifactStore.OpenOrCreateAsync(
            BlobPlace.FromConnectionString(server.ConnectionString() + "Container=store"), options, CancellationToken.None);
        await MeasureAsync(text, "Azurite", new RawContainer(container, options), store, null, rounds);
    }

    private static async Task MeasureAsync(StringBuilder text, string label, IRawPlace raw, IArtifactStore store, Action? forget, int rounds)
    {
        byte[] piece = new byte[PieceSize], read = new byte[PieceSize];
        new Random(1).NextBytes(piece);
        foreach ((long size, int factor) in ((long, int)[])[(1L << 20, 12), (16L << 20, 4), (256L << 20, 1)])
        {
            List<double>[] seconds = [[], [], [], []];
            for (int round = -1; round < rounds * factor; round++)
            {
                // Who begins changes, so that neither always finds what the other left.
                Func<Task>[] puts = [() => raw.PutAsync("content", piece, size), () => PutAsync(store, piece, size)];
                Func<Task>[] gets = [() => raw.GetAsync("content", read), () => GetAsync(store, read)];
                foreach (int who in round % 2 == 0 ? [0, 1] : (int[])[1, 0])
                {
                    Add(seconds[who], round, await TimeAsync(puts[who]));
                }

                forget?.Invoke();
                foreach (int who in round % 2 == 0 ? [0, 1] : (int[])[1, 0])
                {
                    Add(seconds[2 + who], round, await TimeAsync(gets[who]));
                }

                await raw.DeleteAsync("content");
                await store.DeleteAsync("content", CancellationToken.None);
            }

            double[] speed = [.. seconds.Select(times => size / 1e6 / Median(times))];
            text.Append(CultureInfo.InvariantCulture, $"| {label} | {size >> 20} MiB | {speed[0]:F0} | {speed[1]:F0} | {speed[1] / speed[0]:F2} | {speed[2]:F0} | {speed[3]:F0} | {speed[3] / speed[2]:F2} |\n");
            Console.Error.WriteLine($"{label}, {size >> 20} MiB: put {speed[1]:F0} of {speed[0]:F0}, get {speed[3]:F0} of {speed[2]:F0} MB/s");
        }
    }

    /// <summary>The first turn only warms up.</summary>
    private static void Add(List<double> seconds, int round, double time)
    {
        if (round >= 0)
        {
            seconds.Add(time);
        }
    }

    private static async Task PutAsync(IArtifactStore store, byte[] piece, long length) => await store.PutIfAbsentAsync(
        "content",
        (stream, _) =>
        {
            for (long offset = 0; offset < length; offset += piece.Length)
            {
                stream.Write(piece, 0, (int)Math.Min(piece.Length, length - offset));
            }

            return Task.CompletedTask;
        },
        CancellationToken.None);

    private static async Task GetAsync(IArtifactStore store, byte[] piece)
    {
        await using Stream stream = await store.OpenReadAsync("content", 0, null, CancellationToken.None);
        int count;
        do
        {
            count = stream.Read(piece, 0, piece.Length);
        }
        while (count > 0);
    }

    private static string Checksums()
    {
        byte[] bytes = new byte[256 << 10];
        new Random(2).NextBytes(bytes);
        byte[] digest = new byte[32];
        double sha = Speed(() => SHA256.HashData(bytes, digest)), blocks = Speed(() => BlockChecksum.Compute(bytes, digest));
        return string.Create(CultureInfo.InvariantCulture, $"One core of this machine: SHA-256 {sha:F0} MB/s, block checksum {blocks:F0} MB/s.\n");

        double Speed(Action action)
        {
            List<double> seconds = [];
            for (int round = 0; round < 200; round++)
            {
                long start = Stopwatch.GetTimestamp();
                action();
                seconds.Add(Stopwatch.GetElapsedTime(start).TotalSeconds);
            }

            return bytes.Length / 1e6 / Median(seconds);
        }
    }

    private static async Task<double> TimeAsync(Func<Task> action)
    {
        long start = Stopwatch.GetTimestamp();
        await action();
        return Stopwatch.GetElapsedTime(start).TotalSeconds;
    }

    private static double Median(List<double> values) => values.Order().ElementAt(values.Count / 2);
}
