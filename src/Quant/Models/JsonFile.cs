using System.Text.Json;
using System.Text.Unicode;
using MambaQuant.Quant.Safetensors;

namespace MambaQuant.Quant.Models;

/// <summary>Reads a small JSON file that must hold one object.</summary>
internal static class JsonFile
{
    private const long MaxBytes = 16L << 20;

    /// <summary>Parses the file: UTF-8, one object, no comments, no key twice.</summary>
    /// <param name="path">An existing file.</param>
    /// <returns>The document; dispose it.</returns>
    /// <exception cref="InvalidModelConfigException">The file is no such object.</exception>
    public static JsonDocument Read(string path)
    {
        using var file = new DiskFile(path);
        return Read(file);
    }

    /// <summary>Parses an open file.</summary>
    /// <param name="source">The file; not owned.</param>
    /// <returns>The document; dispose it.</returns>
    /// <exception cref="InvalidModelConfigException">The file is no such object.</exception>
    public static JsonDocument Read(IByteSource source)
    {
        string path = source.Description;
        long length = source.Length;
        if (length > MaxBytes)
        {
            throw new InvalidModelConfigException($"'{path}' has {length} bytes, expected at most {MaxBytes}. Fetch the model again.");
        }

        byte[] json = source.ReadAll();
        if (!Utf8.IsValid(json))
        {
            throw new InvalidModelConfigException($"'{path}': expected UTF-8 text, found other bytes. Fetch the model again.");
        }

        JsonDocument? document = null;
        try
        {
            document = JsonDocument.Parse(json, new JsonDocumentOptions { MaxDepth = 32, AllowDuplicateProperties = false });
            if (document.RootElement.ValueKind == JsonValueKind.Object)
            {
                TakeAllText(document.RootElement);
                JsonDocument parsed = document;
                document = null;
                return parsed;
            }

            throw new InvalidModelConfigException(
                $"'{path}': expected a JSON object, found {document.RootElement.ValueKind}. Fetch the model again.");
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException)
        {
            throw new InvalidModelConfigException($"'{path}' is damaged: {exception.Message} Fetch the model again.", exception);
        }
        finally
        {
            document?.Dispose();
        }
    }

    /// <summary>Decodes every text once: an escape that is no Unicode is found only then, as an InvalidOperationException.</summary>
    private static void TakeAllText(JsonElement element)
    {
        switch (element.ValueKind)
        {
            case JsonValueKind.Object:
                foreach (JsonProperty property in element.EnumerateObject())
                {
                    _ = property.Name;
                    TakeAllText(property.Value);
                }

                break;
            case JsonValueKind.Array:
                foreach (JsonElement item in element.EnumerateArray())
                {
                    TakeAllText(item);
                }

                break;
            case JsonValueKind.String:
                _ = element.GetString();
                break;
            default:
                break;
        }
    }
}
