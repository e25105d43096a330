using System.Buffers;
using System.Text;
using System.Text.Json;
using System.Text.Unicode;
using MambaQuant.Quant.Safetensors;

namespace MambaQuant.Quant.Datasets;

/// <summary>A text for calibration or evaluation: one document, or one per line of a JSON-lines file.</summary>
/// <remarks>Strict: a bad byte or line is an error that names its place; nothing is replaced or passed over.</remarks>
public sealed class TextFile
{
    // A string holds at most about 2^30 characters; more text than this is calibrated or evaluated by nobody at once.
    private const long MaxBytes = 1_000_000_000;

    private const string JsonLinesSuffix = ".jsonl";

    private static readonly string[] _fields = ["text", "content"];

    private TextFile(string name, IReadOnlyList<string> documents)
    {
        Name = name;
        Documents = documents;
    }

    /// <summary>The file's name without its folder: it goes into manifests, where no path of a machine may stand.</summary>
    public string Name { get; }

    /// <summary>The texts, in file order; at least one has a character that is no whitespace.</summary>
    public IReadOnlyList<string> Documents { get; }

    /// <summary>Reads a file: JSON lines where its name ends in ".jsonl", else plain text.</summary>
    /// <param name="path">A UTF-8 file, with or without a byte order mark; line ends stay as they are.</param>
    /// <returns>The text.</returns>
    /// <remarks>
    /// Each JSON line is an object with a text field "text", or else "content"; empty lines are allowed. Holds the whole file.
    /// </remarks>
    /// <exception cref="InvalidTextException">The file is empty, no UTF-8 (names the byte), or a line is wrong (names the line).</exception>
    /// <exception cref="IOException">The file is missing or cannot be read.</exception>
    public static TextFile Read(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        using var file = new DiskFile(path);
        return Read(file);
    }

    /// <summary>Reads an open file: JSON lines where its name ends in ".jsonl", else plain text.</summary>
    /// <param name="source">A UTF-8 file, with or without a byte order mark; not owned.</param>
    /// <returns>The text.</returns>
    /// <exception cref="InvalidTextException">The file is empty, no UTF-8 (names the byte), or a line is wrong (names the line).</exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public static TextFile Read(IByteSource source)
    {
        ArgumentNullException.ThrowIfNull(source);
        EnsureSize(source);
        return Parse(source.Description, source.Name, source.ReadAll());
    }

    /// <summary>How a file of a name is read; the same bytes are other documents in the other format.</summary>
    /// <param name="name">A file name or path.</param>
    public static string FormatOf(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        return name.EndsWith(JsonLinesSuffix, StringComparison.OrdinalIgnoreCase) ? "json lines" : "plain text";
    }

    private static void EnsureSize(IByteSource source)
    {
        long length = source.Length;
        if (length > MaxBytes)
        {
            throw new InvalidTextException($"'{source.Description}': expected at most {MaxBytes} bytes of text, found {length}. Cut a part out of it.");
        }
    }

    private static TextFile Parse(string path, string name, byte[] bytes)
    {
        // The mark says how the file is encoded and is no text.
        ReadOnlySpan<byte> content = bytes.AsSpan().StartsWith(Encoding.UTF8.Preamble) ? bytes.AsSpan(Encoding.UTF8.Preamble.Length) : bytes;
        string text = Decode(path, content, bytes.Length - content.Length);
        bool isJsonLines = name.EndsWith(JsonLinesSuffix, StringComparison.OrdinalIgnoreCase);
        List<string> documents = isJsonLines ? ReadLines(path, text) : [text];
        return documents.Exists(document => !string.IsNullOrWhiteSpace(document))
            ? new TextFile(name, documents.AsReadOnly())
            : throw new InvalidTextException($"'{path}' is empty: expected text, found {bytes.Length} bytes{(content.IsEmpty ? "" : " of whitespace")}. Name a file that holds text.");
    }

    private static string Decode(string path, ReadOnlySpan<byte> content, int offset)
    {
        char[] characters = ArrayPool<char>.Shared.Rent(content.Length);
        try
        {
            OperationStatus status = Utf8.ToUtf16(content, characters, out int read, out int written, replaceInvalidSequences: false);
            return status == OperationStatus.Done
                ? new string(characters, 0, written)
                : throw new InvalidTextException(
                    $"'{path}': expected UTF-8 text, found the byte 0x{content[read]:x2} at offset {offset + read}, which is none."
                    + " Convert the file to UTF-8 first, for example with iconv.");
        }
        finally
        {
            ArrayPool<char>.Shared.Return(characters);
        }
    }

    private static List<string> ReadLines(string path, string text)
    {
        var documents = new List<string>();
        int number = 0;

        // Only a line feed ends a line: JSON text may hold the other Unicode line ends unescaped.
        foreach (Range range in text.AsSpan().Split('\n'))
        {
            number++;
            string line = text[range];
            if (!string.IsNullOrWhiteSpace(line))
            {
                documents.Add(ReadLine(path, number, line));
            }
        }

        return documents;
    }

    private static string ReadLine(string path, int number, string line)
    {
        try
        {
            using var document = JsonDocument.Parse(line, new JsonDocumentOptions { AllowDuplicateProperties = false });
            foreach (string field in _fields)
            {
                if (document.RootElement.ValueKind == JsonValueKind.Object
                    && document.RootElement.TryGetProperty(field, out JsonElement value) && value.ValueKind == JsonValueKind.String)
                {
                    return value.GetString()!;
                }
            }
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException)
        {
            // InvalidOperationException: an escape that is no Unicode text is found only when the string is taken.
            throw new InvalidTextException($"'{path}', line {number}: expected one JSON object, found otherwise ({exception.Message}). Mend or remove the line.", exception);
        }

        throw new InvalidTextException(
            $"'{path}', line {number}: expected a JSON object with a text field \"text\" or \"content\", found none. Mend or remove the line.");
    }
}
