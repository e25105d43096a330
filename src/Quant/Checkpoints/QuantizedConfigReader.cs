using System.Collections.Immutable;
using System.Text.Json;
using System.Text.RegularExpressions;
using MambaQuant.Quant.Models;
using MambaQuant.Quant.Quantization;
using MambaQuant.Quant.Rotations;
using MambaQuant.Quant.Safetensors;

namespace MambaQuant.Quant.Checkpoints;

/// <summary>Reads from config.json how a checkpoint is quantized; strict, since what is misread here would give wrong numbers silently.</summary>
internal static class QuantizedConfigReader
{
    private const string RegexPrefix = "re:";
    private static readonly ModuleScheme _float = new(null, null);

    /// <summary>Reads dimensions and layout.</summary>
    /// <param name="directory">Folder of a quantized checkpoint.</param>
    /// <exception cref="UnsupportedModelException">It was written by another program, or in a version that is not known here.</exception>
    /// <exception cref="InvalidModelConfigException">The float fields are wrong.</exception>
    /// <exception cref="InvalidCheckpointException">The blocks are wrong; all problems are named.</exception>
    public static (MambaConfig Config, QuantizedModelLayout Layout) Read(string directory)
    {
        MambaConfig config = MambaConfigReader.Read(directory);
        string path = Path.Combine(directory, MambaConfigReader.FileName);
        using JsonDocument document = JsonFile.Read(path);
        var problems = new List<string>();
        var root = new JsonFields(document.RootElement, problems);
        JsonFields? own = root.Object(CheckpointJson.OwnBlock);
        JsonFields? quantization = root.Object(CheckpointJson.QuantizationBlock);
        RefuseOtherProducers(path, own, quantization);
        List<TargetGroup> groups = [.. Groups(quantization!, "config_groups"), .. Groups(own!, "config_groups")];
        IReadOnlyList<string> ignore = quantization!.Texts("ignore") ?? [];
        QuantizedModelLayout layout = Layout(config, own!, new TargetMatcher(groups, ignore), problems);
        return problems.Count == 0
            ? (config, layout)
            : throw new InvalidCheckpointException(
                $"'{path}' has {problems.Count} problems:\n  {string.Join("\n  ", problems)}\nQuantize the model again, or fetch the checkpoint again.");
    }

    private static void RefuseOtherProducers(string path, JsonFields? own, JsonFields? quantization)
    {
        if (own is null || quantization is null)
        {
            throw new UnsupportedModelException(
                $"'{path}': expected the blocks '{CheckpointJson.OwnBlock}' and '{CheckpointJson.QuantizationBlock}', found "
                + (quantization is null ? "a float model" : "a model quantized by another program")
                + ". Checkpoints of this program are read; make one with: mambaquant quantize MODEL --out DIR");
        }

        int? version = own.Int32("format_version", 1, int.MaxValue);
        if (version != CheckpointJson.FormatVersion)
        {
            throw new UnsupportedModelException(
                $"'{path}': expected {CheckpointJson.OwnBlock}.format_version {CheckpointJson.FormatVersion}, found {version?.ToString() ?? "none"}."
                + " The checkpoint was made by another version of this program: use that one, or quantize again.");
        }
    }

    private static QuantizedModelLayout Layout(MambaConfig config, JsonFields own, TargetMatcher matcher, List<string> problems)
    {
        own.RefuseOthersThan("config_groups", "format_version", "online_rotations", "producer", "s_silu", "scan");
        ModelFamily family = MambaFamily.For(config);
        JsonFields? scan = own.Object("scan");
        scan?.RefuseOthersThan("output", "state");
        QuantizationArgs? state = Args(scan, "state"), output = Args(scan, "output");
        if (scan is not null && (state is null || output is null))
        {
            scan.Problem("expected 'state' and 'output'");
        }

        var runtime = new QuantizedLayerLayout
        {
            Modules = ImmutableSortedDictionary<string, ModuleScheme>.Empty,
            OnlineRotations = Rotations(own, family),
            ScanState = state,
            ScanOutput = output,
            SmoothsGate = own.Boolean("s_silu") ?? false,
        };
        ImmutableArray<QuantizedLayerLayout> layers =
        [
            .. Enumerable.Range(0, config.LayerCount).Select(layer => runtime with
            {
                Modules = family.LayerModules
                    .Select(module => KeyValuePair.Create(module.Name, matcher.Find(QuantizedTensorNames.Module(layer, module))))
                    .Where(pair => pair.Value != _float)
                    .ToImmutableSortedDictionary(StringComparer.Ordinal),
            }),
        ];
        ModuleScheme embeddings = matcher.Find(QuantizedTensorNames.Module(family.Embeddings.Weight));
        ModuleScheme head = matcher.Find(QuantizedTensorNames.Module(family.Head.Weight));
        if (config.TieEmbeddings && head.Weights != embeddings.Weights)
        {
            problems.Add("the head is tied to the embeddings, but their weights are not quantized alike");
        }

        problems.AddRange(matcher.Unused().Select(target => $"the target '{target}' is no module of the model"));
        return new QuantizedModelLayout(new QuantizedEndsLayout(embeddings.Weights, config.TieEmbeddings, head), layers);
    }

    private static ImmutableSortedDictionary<RotationSite, int> Rotations(JsonFields own, ModelFamily family)
    {
        var rotations = ImmutableSortedDictionary.CreateBuilder<RotationSite, int>();
        JsonFields? sites = own.Object("online_rotations");
        foreach (string name in sites?.Names ?? [])
        {
            JsonFields? fields = sites!.Object(name);
            if (RotationSiteNames.Parse(name) is not RotationSite site)
            {
                sites.Problem($"'{name}' is no online rotation that is known here");
                continue;
            }

            int width = family.Rotation(site).Width;
            fields?.RefuseOthersThan("base_order", "order", "type");
            if (fields?.Text("type") != "hadamard" || fields.Int32("order", width, width) is not int order
                || !HadamardMatrix.TryFactor(order, out HadamardFactorization factors)
                || fields.Int32("base_order", factors.BaseOrder, factors.BaseOrder) is null)
            {
                sites.Problem($"'{name}': expected type 'hadamard', order {width} and the base order that belongs to it");
                continue;
            }

            rotations.Add(site, order);
        }

        return rotations.ToImmutable();
    }

    private static IEnumerable<TargetGroup> Groups(JsonFields block, string name)
    {
        JsonFields? groups = block.Object(name);
        foreach (string group in groups?.Names ?? [])
        {
            if (groups!.Object(group) is not JsonFields fields)
            {
                continue;
            }

            fields.RefuseOthersThan("format", "input_activations", "output_activations", "targets", "weights");
            QuantizationArgs? weights = Args(fields, "weights"), input = Args(fields, "input_activations");
            if (fields.Text("format") is string format && format != QuantizedFormats.Of(weights))
            {
                fields.Problem($"format is '{format}', expected '{QuantizedFormats.Of(weights)}' for these weights");
            }

            if (fields.Find("output_activations") is JsonElement found)
            {
                fields.Wrong<int>("output_activations", "null", found);
            }

            yield return new TargetGroup(fields.Texts("targets") ?? [], new ModuleScheme(weights, input));
        }
    }

    private static QuantizationArgs? Args(JsonFields? fields, string name) =>
        fields?.Object(name) is JsonFields args ? QuantizationArgsJson.Read(args) : null;

    private sealed record TargetGroup(IReadOnlyList<string> Targets, ModuleScheme Scheme);

    /// <summary>Finds a module's scheme as compressed-tensors does: ignored first, then exact names, then expressions from the name's start.</summary>
    private sealed class TargetMatcher
    {
        private readonly Dictionary<string, ModuleScheme> _exact = new(StringComparer.Ordinal);
        private readonly List<(string Target, Regex Expression, ModuleScheme Scheme)> _expressions = [];
        private readonly List<string> _invalid = [];
        private readonly HashSet<string> _ignored;
        private readonly HashSet<string> _used = new(StringComparer.Ordinal);

        public TargetMatcher(List<TargetGroup> groups, IReadOnlyList<string> ignore)
        {
            _ignored = new HashSet<string>(ignore, StringComparer.Ordinal);
            foreach (TargetGroup group in groups)
            {
                foreach (string target in group.Targets)
                {
                    if (!target.StartsWith(RegexPrefix, StringComparison.Ordinal))
                    {
                        _exact[target] = group.Scheme;
                    }
                    else if (Expression(target) is Regex expression)
                    {
                        _expressions.Add((target, expression, group.Scheme));
                    }
                    else
                    {
                        _invalid.Add(target);
                    }
                }
            }
        }

        public ModuleScheme Find(string module)
        {
            if (_ignored.Contains(module))
            {
                return _float;
            }

            if (_exact.TryGetValue(module, out ModuleScheme? scheme))
            {
                _used.Add(module);
                return scheme;
            }

            foreach ((string target, Regex expression, ModuleScheme matched) in _expressions)
            {
                if (expression.IsMatch(module))
                {
                    _used.Add(target);
                    return matched;
                }
            }

            return _float;
        }

        /// <summary>Targets that no module answers to, and those that are no expressions.</summary>
        public IEnumerable<string> Unused() =>
            _exact.Keys.Concat(_expressions.Select(expression => expression.Target)).Where(target => !_used.Contains(target)).Concat(_invalid);

        private static Regex? Expression(string target)
        {
            try
            {
                return new Regex($@"\A(?:{target[RegexPrefix.Length..]})", RegexOptions.CultureInvariant | RegexOptions.NonBacktracking);
            }
            catch (Exception exception) when (exception is ArgumentException or NotSupportedException)
            {
                return null;
            }
        }
    }
}
