using System.Collections.Immutable;
using System.Text.Json;
using MambaQuant.Quant.Quantization;

namespace MambaQuant.Quant.Checkpoints;

/// <summary>Reads report.json.</summary>
public static class CheckpointReportReader
{
    /// <summary>Name of the file in a checkpoint.</summary>
    public const string FileName = "report.json";

    /// <summary>Reads the report of a checkpoint.</summary>
    /// <param name="directory">Folder of the checkpoint.</param>
    /// <exception cref="InvalidCheckpointException">The folder has no report, or a damaged one; the message names it and the next step.</exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public static CheckpointReport Read(string directory)
    {
        ArgumentException.ThrowIfNullOrEmpty(directory);
        string path = Path.Combine(directory, FileName);
        if (!File.Exists(path))
        {
            throw new InvalidCheckpointException(
                $"'{directory}' is no checkpoint that this program made: expected a folder with {FileName}, found {(Directory.Exists(directory) ? "a folder without it" : "no such folder")}; name the folder that quantize --out wrote");
        }

        try
        {
            using JsonDocument document = JsonDocument.Parse(File.ReadAllBytes(path));
            return Model(document.RootElement);
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException or KeyNotFoundException or FormatException)
        {
            throw new InvalidCheckpointException($"'{path}' cannot be read: {error.Message.TrimEnd('.')}. It was damaged or written by another program: quantize again", error);
        }
    }

    private static CheckpointReport Model(JsonElement json) => json.GetProperty("format_version").GetInt32() is int version && version != CheckpointJson.FormatVersion
        ? throw new FormatException($"expected format_version {CheckpointJson.FormatVersion}, found {version}")
        : new CheckpointReport
        {
            Recipe = Text(json, "recipe"),
            Scheme = Text(json, "scheme"),
            FloatBytes = json.GetProperty("float_bytes").GetInt64(),
            QuantizedBytes = json.GetProperty("quantized_bytes").GetInt64(),
            Ends = Layer(json.GetProperty("ends")),
            Layers = [.. json.GetProperty("layers").EnumerateArray().Select(Layer)],
        };

    private static LayerReport Layer(JsonElement json) => new()
    {
        Modules = [.. json.GetProperty("modules").EnumerateArray().Select(Module)],
        Sites = [.. json.GetProperty("sites").EnumerateArray().Select(Site)],
        Smoothings = [.. json.GetProperty("smoothings").EnumerateArray().Select(Smoothing)],
    };

    private static ModuleReport Module(JsonElement json) => new()
    {
        Module = Text(json, "module"),
        Weights = Args(json.GetProperty("weights")),
        Bytes = json.GetProperty("bytes").GetInt64(),
        SqnrBefore = Number(json, "sqnr_before"),
        SqnrAfter = Number(json, "sqnr_after"),
        Damping = Number(json, "damping"),
    };

    private static SiteReport Site(JsonElement json) => new()
    {
        Site = Text(json, "site"),
        Input = Args(json.GetProperty("input")),
        Minimum = (float?)Number(json, "minimum"),
        Maximum = (float?)Number(json, "maximum"),
        SmallestScale = (float?)Number(json, "smallest_scale"),
        LargestScale = (float?)Number(json, "largest_scale"),
        ZeroPoint = (int?)Number(json, "zero_point"),
        SqnrBefore = Number(json, "sqnr_before"),
        SqnrAfter = Number(json, "sqnr_after"),
    };

    private static SmoothingReport Smoothing(JsonElement json) => new()
    {
        Site = Text(json, "site"),
        Strength = Number(json, "strength"),
        SmallestFactor = Number(json, "smallest_factor") ?? 1,
        LargestFactor = Number(json, "largest_factor") ?? 1,
        ErrorBefore = Number(json, "error_before"),
        ErrorAfter = Number(json, "error_after"),
    };

    private static QuantizationArgs? Args(JsonElement json)
    {
        if (json.ValueKind == JsonValueKind.Null)
        {
            return null;
        }

        string word = Text(json, "strategy");
        ImmutableArray<(QuantizationStrategy Strategy, string Name)> known = [.. QuantizationStrategies.Names.Where(name => name.Name == word)];
        return new QuantizationArgs
        {
            Bits = json.GetProperty("bits").GetInt32(),
            Symmetric = json.GetProperty("symmetric").GetBoolean(),
            Strategy = known.IsEmpty ? throw new FormatException($"there is no strategy '{word}'") : known[0].Strategy,
            GroupSize = json.TryGetProperty("group_size", out JsonElement size) ? size.GetInt32() : 0,
            Dynamic = json.GetProperty("dynamic").GetBoolean(),
        };
    }

    private static string Text(JsonElement json, string name) => json.GetProperty(name).GetString() ?? throw new FormatException($"'{name}' is null");

    /// <summary>A number, or "exact" for infinity.</summary>
    private static double? Number(JsonElement json, string name)
    {
        JsonElement value = json.GetProperty(name);
        return value.ValueKind switch
        {
            JsonValueKind.Null => null,
            JsonValueKind.String when value.GetString() == "exact" => double.PositiveInfinity,
            _ => value.GetDouble(),
        };
    }
}
