using System.Text.Encodings.Web;
using System.Text.Json;

namespace MambaQuant.Quant.Checkpoints;

/// <summary>The one way JSON files of a checkpoint are written: indented by two, LF, readable characters unescaped, a line end last.</summary>
internal static class CheckpointJson
{
    /// <summary>Version of the blocks in config.json, of manifest.json and of report.json.</summary>
    public const int FormatVersion = 1;

    /// <summary>The block of config.json that is our own.</summary>
    public const string OwnBlock = "mambaquant";

    /// <summary>The block of config.json after compressed-tensors.</summary>
    public const string QuantizationBlock = "quantization_config";

    /// <summary>For documents written field by field.</summary>
    public static JsonWriterOptions WriterOptions { get; } = new()
    {
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        Indented = true,
        IndentSize = 2,
        NewLine = "\n",
    };

    /// <summary>For documents written from nodes.</summary>
    public static JsonSerializerOptions NodeOptions { get; } = new()
    {
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        WriteIndented = true,
        IndentSize = 2,
        NewLine = "\n",
    };

    /// <summary>Writes a document field by field and returns its text.</summary>
    /// <param name="write">Writes the fields of the root object.</param>
    public static string Object(Action<Utf8JsonWriter> write)
    {
        using var buffer = new MemoryStream();
        using (var json = new Utf8JsonWriter(buffer, WriterOptions))
        {
            json.WriteStartObject();
            write(json);
            json.WriteEndObject();
        }

        return System.Text.Encoding.UTF8.GetString(buffer.ToArray()) + "\n";
    }
}
