using System.Collections.Immutable;
using System.Text;
using System.Text.Json;

namespace MambaQuant.Quant.Checkpoints;

/// <summary>What can be drawn of a quantized model: the content of pictures.json.</summary>
/// <remarks>A function of the same inputs as the checkpoint itself: the same inputs give the same bytes.</remarks>
public sealed record CheckpointPictures
{
    /// <summary>Name of the file in a checkpoint.</summary>
    public const string FileName = "pictures.json";

    /// <summary>Version of the file's format.</summary>
    /// <value>1 by default.</value>
    public int FormatVersion { get; init; } = CheckpointJson.FormatVersion;

    /// <summary>Embeddings and head, and the rotation of the residual stream, which all layers share.</summary>
    public required LayerPicture Ends { get; init; }

    /// <summary>The layers in order.</summary>
    public required ImmutableArray<LayerPicture> Layers { get; init; }

    /// <summary>Reads the pictures of a checkpoint.</summary>
    /// <param name="directory">Folder of the checkpoint.</param>
    /// <returns>Null where it has none, as those that were made before there were pictures.</returns>
    /// <exception cref="InvalidCheckpointException">The file is damaged or of another version.</exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public static CheckpointPictures? Find(string directory)
    {
        ArgumentException.ThrowIfNullOrEmpty(directory);
        string path = Path.Combine(directory, FileName);
        if (!File.Exists(path))
        {
            return null;
        }

        try
        {
            CheckpointPictures? read = JsonSerializer.Deserialize(File.ReadAllBytes(path), PictureJson.Default.CheckpointPictures);
            return read?.FormatVersion == CheckpointJson.FormatVersion
                ? read
                : throw new InvalidCheckpointException($"'{path}': expected format_version {CheckpointJson.FormatVersion}, found {read?.FormatVersion}; read it with the program that made it");
        }
        catch (JsonException error)
        {
            throw new InvalidCheckpointException($"'{path}' cannot be read: {error.Message}. Remove it, or quantize again", error);
        }
    }

    /// <summary>The text of pictures.json: one line, numbers of four digits.</summary>
    internal string ToJson() => Encoding.UTF8.GetString(JsonSerializer.SerializeToUtf8Bytes(this, PictureJson.Default.CheckpointPictures)) + "\n";
}
