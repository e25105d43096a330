using System.Text.Json;
using System.Text.Json.Nodes;
using MambaQuant.Quant.Kernels;
using MambaQuant.Quant.Models;
using MambaQuant.Quant.Quantization;

namespace MambaQuant.Quant.Checkpoints;

/// <summary>How one weight or activation is quantized, as compressed-tensors 0.18 spells it.</summary>
internal static class QuantizationArgsJson
{
    private static readonly (RangeEstimator Range, string Observer)[] _observers =
    [
        (RangeEstimator.MinMax, "memoryless_minmax"),
        (RangeEstimator.Percentile, "percentile"),
        (RangeEstimator.MeanSquaredError, "memoryless_mse"),
    ];

    /// <summary>Writes arguments; null as null.</summary>
    public static JsonObject? Write(QuantizationArgs? args) => args is null ? null : new JsonObject
    {
        ["actorder"] = null,
        ["block_structure"] = null,
        ["dynamic"] = args.Dynamic,
        ["group_size"] = args.Strategy == QuantizationStrategy.Group ? args.GroupSize : null,
        ["num_bits"] = args.Bits,
        ["observer"] = args.Dynamic ? null : _observers.First(pair => pair.Range == args.Range).Observer,
        ["observer_kwargs"] = args is { Dynamic: false, Range: RangeEstimator.Percentile }
            ? new JsonObject { ["percentile"] = args.Percentile }
            : new JsonObject(),
        ["scale_dtype"] = null,
        ["strategy"] = args.Strategy.Name(),
        ["symmetric"] = args.Symmetric,
        ["type"] = "int",
        ["zp_dtype"] = args.Symmetric ? null : "torch.int8",
    };

    /// <summary>Reads arguments; problems go to the fields' list.</summary>
    /// <returns>The arguments; null where a field is wrong.</returns>
    public static QuantizationArgs? Read(JsonFields fields)
    {
        fields.RefuseOthersThan(
            "actorder", "block_structure", "dynamic", "group_size", "num_bits", "observer", "observer_kwargs", "scale_dtype", "strategy", "symmetric", "type", "zp_dtype");
        foreach (string unused in new[] { "actorder", "block_structure", "scale_dtype" })
        {
            if (fields.Find(unused) is JsonElement found)
            {
                fields.Wrong<int>(unused, "null", found);
            }
        }

        if (fields.Text("type") is string type && type != "int")
        {
            fields.Problem($"type is '{type}', expected 'int'");
        }

        int? bits = fields.Int32("num_bits", 2, 8);
        bool? symmetric = fields.Boolean("symmetric");
        bool dynamic = fields.Boolean("dynamic") ?? false;
        QuantizationStrategy? strategy = Choice<QuantizationStrategy>(fields, "strategy", QuantizationStrategies.Names.AsSpan());
        int groupSize = fields.Int32("group_size", 1, int.MaxValue) ?? 0;
        RangeEstimator range = dynamic ? RangeEstimator.MinMax : Choice<RangeEstimator>(fields, "observer", _observers) ?? RangeEstimator.MinMax;
        double? percentile = range == RangeEstimator.Percentile ? fields.Object("observer_kwargs")?.Number("percentile", 0.5, 1) : null;
        if (bits is null || symmetric is null || strategy is null)
        {
            fields.Problem("expected num_bits from 2 to 8, symmetric, and a strategy");
            return null;
        }

        if (strategy == QuantizationStrategy.Group != groupSize > 0)
        {
            fields.Problem("group_size goes with strategy 'group', and only with it");
        }

        if (strategy == QuantizationStrategy.Token && !dynamic)
        {
            fields.Problem("strategy 'token' must be dynamic");
        }

        var args = new QuantizationArgs
        {
            Bits = bits.Value,
            Symmetric = symmetric.Value,
            Strategy = strategy.Value,
            GroupSize = groupSize,
            Dynamic = dynamic,
            Range = range,
        };
        return percentile is double share ? args with { Percentile = share } : args;
    }

    private static T? Choice<T>(JsonFields fields, string name, ReadOnlySpan<(T Value, string Name)> choices)
        where T : struct
    {
        if (fields.Text(name) is not string text)
        {
            return null;
        }

        foreach ((T value, string spelled) in choices)
        {
            if (spelled == text)
            {
                return value;
            }
        }

        fields.Problem($"'{name}' is '{text}', expected {string.Join(", ", choices.ToArray().Select(choice => choice.Name))}");
        return null;
    }
}
