using System.Collections.Immutable;

namespace MambaQuant.Quant.Checkpoints;

/// <summary>What a quantized checkpoint was made from: everything that decides its bytes, and nothing else.</summary>
/// <remarks>No time, host, path or runtime stands here: the same inputs give the same manifest. The producer is a label.</remarks>
public sealed record RunManifest
{
    /// <summary>SHA-256 of the float model's files, by file name (<see cref="ContentHash.OfModel"/>).</summary>
    public required ImmutableSortedDictionary<string, string> Model { get; init; }

    /// <summary>SHA-256 of tokenizer.json, or null where no text was tokenized.</summary>
    public string? Tokenizer { get; init; }

    /// <summary>Name of the calibration source: a file name without its path, or "self"; null where nothing was calibrated.</summary>
    public string? CalibrationSource { get; init; }

    /// <summary>SHA-256 of the calibration ids as the calibration set gives it, or null.</summary>
    public string? CalibrationTokens { get; init; }

    /// <summary>Number of calibration sequences.</summary>
    public int Samples { get; init; }

    /// <summary>Tokens per calibration sequence.</summary>
    public int SequenceLength { get; init; }

    /// <summary>Sequences that the smoothing search looked at; 0 where nothing was searched.</summary>
    public int SearchSamples { get; init; }

    /// <summary>Seed of every random choice.</summary>
    public required ulong Seed { get; init; }

    /// <summary>SHA-256 of the resolved recipe's text.</summary>
    public required string Recipe { get; init; }

    /// <summary>The numerics profile of the backend.</summary>
    public required string Profile { get; init; }

    /// <summary>The JSON text of manifest.json.</summary>
    /// <param name="producer">Program and version.</param>
    /// <param name="tensors">What was written, in order.</param>
    internal string ToJson(string producer, IReadOnlyList<WrittenTensor> tensors) => CheckpointJson.Object(json =>
    {
        json.WriteNumber("format_version", CheckpointJson.FormatVersion);
        json.WriteString("producer", producer);
        WriteMap("model", Model);
        json.WriteString("tokenizer", Tokenizer);
        json.WriteStartObject("calibration");
        json.WriteString("source", CalibrationSource);
        json.WriteString("tokens", CalibrationTokens);
        json.WriteNumber("samples", Samples);
        json.WriteNumber("sequence_length", SequenceLength);
        json.WriteNumber("search_samples", SearchSamples);
        json.WriteEndObject();
        json.WriteNumber("seed", Seed);
        json.WriteString("recipe", Recipe);
        json.WriteString("profile", Profile);
        WriteMap("tensors", tensors.Select(tensor => KeyValuePair.Create(tensor.Name, tensor.Sha256)));

        void WriteMap(string name, IEnumerable<KeyValuePair<string, string>> map)
        {
            json.WriteStartObject(name);
            foreach ((string key, string value) in map)
            {
                json.WriteString(key, value);
            }

            json.WriteEndObject();
        }
    });
}
