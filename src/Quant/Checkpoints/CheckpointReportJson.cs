using System.Text.Json;
using MambaQuant.Quant.Quantization;

namespace MambaQuant.Quant.Checkpoints;

/// <summary>Writes report.json.</summary>
internal static class CheckpointReportJson
{
    /// <summary>Makes the text.</summary>
    public static string Write(CheckpointReport report)
    {
        ArgumentNullException.ThrowIfNull(report);
        return CheckpointJson.Object(json =>
        {
            json.WriteNumber("format_version", CheckpointJson.FormatVersion);
            json.WriteString("recipe", report.Recipe);
            json.WriteString("scheme", report.Scheme);
            json.WriteNumber("float_bytes", report.FloatBytes);
            json.WriteNumber("quantized_bytes", report.QuantizedBytes);
            json.WriteStartObject("ends");
            Layer(json, report.Ends);
            json.WriteEndObject();
            json.WriteStartArray("layers");
            for (int layer = 0; layer < report.Layers.Length; layer++)
            {
                json.WriteStartObject();
                json.WriteNumber("layer", layer);
                Layer(json, report.Layers[layer]);
                json.WriteEndObject();
            }

            json.WriteEndArray();
        });
    }

    private static void Layer(Utf8JsonWriter json, LayerReport layer)
    {
        json.WriteStartArray("modules");
        foreach (ModuleReport module in layer.Modules)
        {
            json.WriteStartObject();
            json.WriteString("module", module.Module);
            Args(json, "weights", module.Weights);
            json.WriteNumber("bytes", module.Bytes);
            Number(json, "sqnr_before", module.SqnrBefore);
            Number(json, "sqnr_after", module.SqnrAfter);
            Number(json, "damping", module.Damping);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteStartArray("sites");
        foreach (SiteReport site in layer.Sites)
        {
            json.WriteStartObject();
            json.WriteString("site", site.Site);
            Args(json, "input", site.Input);
            Number(json, "minimum", site.Minimum);
            Number(json, "maximum", site.Maximum);
            Number(json, "smallest_scale", site.SmallestScale);
            Number(json, "largest_scale", site.LargestScale);
            Number(json, "zero_point", site.ZeroPoint);
            Number(json, "sqnr_before", site.SqnrBefore);
            Number(json, "sqnr_after", site.SqnrAfter);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteStartArray("smoothings");
        foreach (SmoothingReport smoothing in layer.Smoothings)
        {
            json.WriteStartObject();
            json.WriteString("site", smoothing.Site);
            Number(json, "strength", smoothing.Strength);
            Number(json, "smallest_factor", smoothing.SmallestFactor);
            Number(json, "largest_factor", smoothing.LargestFactor);
            Number(json, "error_before", smoothing.ErrorBefore);
            Number(json, "error_after", smoothing.ErrorAfter);
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    private static void Args(Utf8JsonWriter json, string name, QuantizationArgs? args)
    {
        if (args is null)
        {
            json.WriteNull(name);
            return;
        }

        json.WriteStartObject(name);
        json.WriteNumber("bits", args.Bits);
        json.WriteBoolean("symmetric", args.Symmetric);
        json.WriteString("strategy", args.Strategy.Name());
        if (args.Strategy == QuantizationStrategy.Group)
        {
            json.WriteNumber("group_size", args.GroupSize);
        }

        json.WriteBoolean("dynamic", args.Dynamic);
        json.WriteEndObject();
    }

    /// <summary>JSON has no infinity: a signal without noise is written as the text "exact".</summary>
    private static void Number(Utf8JsonWriter json, string name, double? value)
    {
        switch (value)
        {
            case null:
                json.WriteNull(name);
                break;
            case double.PositiveInfinity:
                json.WriteString(name, "exact");
                break;
            default:
                json.WriteNumber(name, value.Value);
                break;
        }
    }

    private static void Number(Utf8JsonWriter json, string name, float? value)
    {
        if (value is float number)
        {
            json.WriteNumber(name, number);
        }
        else
        {
            json.WriteNull(name);
        }
    }

    private static void Number(Utf8JsonWriter json, string name, int? value)
    {
        if (value is int number)
        {
            json.WriteNumber(name, number);
        }
        else
        {
            json.WriteNull(name);
        }
    }
}
