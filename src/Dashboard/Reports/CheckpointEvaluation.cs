using System.Text.Json;
using MambaQuant.Quant.Checkpoints;

namespace MambaQuant.Dashboard.Reports;

/// <summary>The content of evaluation.json beside a checkpoint: how well it and its float model predict a text.</summary>
public sealed record CheckpointEvaluation
{
    /// <summary>Name of the file in a checkpoint.</summary>
    public const string FileName = "evaluation.json";

    private const int Version = 1;

    /// <summary>Version of the file's format.</summary>
    /// <value>1 by default.</value>
    public int FormatVersion { get; init; } = Version;

    /// <summary>Name of the text, without its path.</summary>
    public required string Text { get; init; }

    /// <summary>Tokens of a window.</summary>
    public required int WindowLength { get; init; }

    /// <summary>Number of windows.</summary>
    public required int Windows { get; init; }

    /// <summary>Tokens of the text.</summary>
    public required long Tokens { get; init; }

    /// <summary>Tokens that were scored.</summary>
    public required long Scored { get; init; }

    /// <summary>The float model; null where only the checkpoint was evaluated.</summary>
    public ModelEvaluation? Float { get; init; }

    /// <summary>The checkpoint.</summary>
    public required ModelEvaluation Quantized { get; init; }

    /// <summary>Writes the file, beside and renamed.</summary>
    /// <param name="directory">Folder of the checkpoint.</param>
    /// <exception cref="IOException">The disk is full or failed.</exception>
    public void Write(string directory)
    {
        ArgumentException.ThrowIfNullOrEmpty(directory);
        ReportFile.Write(Path.Combine(directory, FileName), JsonSerializer.Serialize(this, ReportJson.Default.CheckpointEvaluation) + "\n");
    }

    /// <summary>Reads the file.</summary>
    /// <param name="directory">Folder of the checkpoint.</param>
    /// <returns>Null where the checkpoint was not evaluated.</returns>
    /// <exception cref="InvalidCheckpointException">The file is damaged or of another version.</exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public static CheckpointEvaluation? Find(string directory)
    {
        ArgumentException.ThrowIfNullOrEmpty(directory);
        string path = Path.Combine(directory, FileName);
        if (!File.Exists(path))
        {
            return null;
        }

        try
        {
            CheckpointEvaluation? read = JsonSerializer.Deserialize(File.ReadAllBytes(path), ReportJson.Default.CheckpointEvaluation);
            return read?.FormatVersion == Version
                ? read
                : throw new InvalidCheckpointException($"'{path}': expected format_version {Version}, found {read?.FormatVersion}; read it with the program that made it");
        }
        catch (JsonException error)
        {
            throw new InvalidCheckpointException($"'{path}' cannot be read: {error.Message} Remove it, or evaluate again", error);
        }
    }
}
