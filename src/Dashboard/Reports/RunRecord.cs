using System.Collections.Immutable;
using System.Text.Json;
using MambaQuant.Quant.Checkpoints;

namespace MambaQuant.Dashboard.Reports;

/// <summary>What a report tells of run.json and manifest.json: no host, no path.</summary>
internal sealed record RunRecord
{
    /// <summary>Name of the file that tells of the run.</summary>
    public const string FileName = "run.json";

    private static readonly string[] ProgramFields = ["program", "runtime", "os"];

    /// <summary>When it was finished, as it is written there; null where there is no run.json.</summary>
    public DateTimeOffset? Finished { get; private init; }

    /// <summary>Program, runtime and system.</summary>
    public string Program { get; private init; } = string.Empty;

    /// <summary>Processors of the machine and workers on it.</summary>
    public (int Processors, int Workers)? Machine { get; private init; }

    /// <summary>The most memory that the process held, in bytes.</summary>
    public long? PeakBytes { get; private init; }

    /// <summary>Seconds of every stage, in order.</summary>
    public ImmutableArray<(string Stage, double Seconds)> Stages { get; private init; } = [];

    /// <summary>Source, sequences and their length of the calibration; null where nothing was calibrated.</summary>
    public (string Source, int Samples, int Length)? Calibration { get; private init; }

    /// <summary>Seed of every random choice.</summary>
    public ulong Seed { get; private init; }

    /// <summary>The numerics profile.</summary>
    public string Profile { get; private init; } = string.Empty;

    /// <summary>What earlier reports told that does not stand elsewhere in the folder.</summary>
    public ReportFacts Kept { get; private init; } = new();

    /// <summary>Reads both files of a checkpoint.</summary>
    /// <param name="directory">Its folder.</param>
    /// <exception cref="InvalidCheckpointException">One is damaged; the message names it.</exception>
    public static RunRecord Read(string directory)
    {
        var record = new RunRecord();
        foreach ((string name, Func<RunRecord, JsonElement, RunRecord> add) in new (string, Func<RunRecord, JsonElement, RunRecord>)[]
                 { (QuantizedCheckpointWriter.ManifestName, WithManifest), (FileName, (made, json) => WithRun(made, json) with { Kept = json.TryGetProperty(KeptFacts.Property, out JsonElement kept) ? KeptFacts.Read(directory, kept) : new ReportFacts() }) })
        {
            string path = Path.Combine(directory, name);
            if (!File.Exists(path))
            {
                continue;
            }

            try
            {
                using JsonDocument document = JsonDocument.Parse(File.ReadAllBytes(path));
                record = add(record, document.RootElement);
            }
            catch (Exception error) when (error is JsonException or InvalidOperationException or KeyNotFoundException or FormatException)
            {
                throw new InvalidCheckpointException($"'{path}' cannot be read: {error.Message.TrimEnd('.')}. It was damaged or written by another program: quantize again", error);
            }
        }

        return record;
    }

    private static RunRecord WithManifest(RunRecord record, JsonElement json)
    {
        JsonElement calibration = json.GetProperty("calibration");
        string? source = calibration.GetProperty("source").GetString();
        return record with
        {
            Calibration = source is null ? null : (source, calibration.GetProperty("samples").GetInt32(), calibration.GetProperty("sequence_length").GetInt32()),
            Seed = json.GetProperty("seed").GetUInt64(),
            Profile = json.GetProperty("profile").GetString() ?? string.Empty,
        };
    }

    private static RunRecord WithRun(RunRecord record, JsonElement json)
    {
        // A run.json that somebody else wrote may say less.
        string[] words = [.. ProgramFields.Select(name => json.TryGetProperty(name, out JsonElement word) ? word.GetString() : null).OfType<string>()];
        return record with
        {
            Finished = json.TryGetProperty("finished", out JsonElement finished) ? finished.GetDateTimeOffset() : null,
            Program = string.Join(", ", words),
            Machine = json.TryGetProperty("processors", out JsonElement processors) && json.TryGetProperty("workers", out JsonElement workers)
                ? (processors.GetInt32(), workers.GetInt32())
                : null,
            PeakBytes = json.TryGetProperty("peakResidentBytes", out JsonElement peak) ? peak.GetInt64() : null,
            Stages = json.TryGetProperty("seconds", out JsonElement seconds)
                ? [.. seconds.EnumerateObject().Select(stage => (stage.Name, stage.Value.GetDouble()))]
                : [],
        };
    }
}
