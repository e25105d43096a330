using System.Collections.Immutable;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using MambaQuant.Quant.Models;
using MambaQuant.Quant.Quantization;
using MambaQuant.Quant.Rotations;

namespace MambaQuant.Quant.Checkpoints;

/// <summary>Writes config.json of a quantized checkpoint: the float model's fields and the two blocks that say how it is quantized.</summary>
/// <remarks>
/// "quantization_config" follows compressed-tensors 0.18 and holds the linear modules and the embeddings, the classes that it
/// knows; it refuses a configuration that targets another. What it has no word for stands in "mambaquant": the convolution (as
/// config_groups of the same form), the scan, S-SiLU and the online rotations.
/// </remarks>
internal static class QuantizedConfigWriter
{
    private const string CompressedTensorsVersion = "0.18.0";

    /// <summary>Makes the text of config.json.</summary>
    /// <param name="floatConfig">The float model's config.json.</param>
    /// <param name="config">The same, read.</param>
    /// <param name="layout">How the model is quantized.</param>
    /// <param name="producer">Program and version.</param>
    public static string Write(JsonObject floatConfig, MambaConfig config, QuantizedModelLayout layout, string producer)
    {
        var root = (JsonObject)floatConfig.DeepClone();
        root["torch_dtype"] = "float32";
        if (root.ContainsKey("dtype"))
        {
            root["dtype"] = "float32";
        }

        root["tie_word_embeddings"] = layout.Ends.HeadIsTied;
        root.Remove(CheckpointJson.QuantizationBlock);
        root.Remove(CheckpointJson.OwnBlock);
        List<ModuleGroup> groups = Groups(config, layout);
        root[CheckpointJson.QuantizationBlock] = QuantizationConfig(config, layout, groups);
        root[CheckpointJson.OwnBlock] = Own(layout, groups, producer);
        return root.ToJsonString(CheckpointJson.NodeOptions) + "\n";
    }

    private static JsonObject QuantizationConfig(MambaConfig config, QuantizedModelLayout layout, List<ModuleGroup> groups)
    {
        List<ModuleGroup> known = [.. groups.Where(group => group.Kind != ModuleKind.Convolution)];
        string[] formats = [.. known.Select(group => group.Format).Distinct(StringComparer.Ordinal)];
        return new JsonObject
        {
            ["config_groups"] = ConfigGroups(known),
            ["format"] = formats.Length switch { 0 => "dense", 1 => formats[0], _ => "mixed-precision" },
            ["global_compression_ratio"] = null,
            ["ignore"] = new JsonArray([.. Ignored(config, layout).Select(name => JsonValue.Create(name))]),
            ["kv_cache_scheme"] = null,
            ["quant_method"] = "compressed-tensors",
            ["quantization_status"] = "compressed",
            ["sparsity_config"] = new JsonObject(),
            ["transform_config"] = new JsonObject(),
            ["version"] = CompressedTensorsVersion,
        };
    }

    private static JsonObject Own(QuantizedModelLayout layout, List<ModuleGroup> groups, string producer)
    {
        QuantizedLayerLayout runtime = layout.Layers[0];
        var rotations = new JsonObject();
        foreach ((RotationSite site, int order) in runtime.OnlineRotations)
        {
            rotations[RotationSiteNames.Of(site)] = new JsonObject
            {
                ["base_order"] = HadamardMatrix.Factor(order).BaseOrder,
                ["order"] = order,
                ["type"] = "hadamard",
            };
        }

        return new JsonObject
        {
            ["config_groups"] = ConfigGroups(groups.Where(group => group.Kind == ModuleKind.Convolution)),
            ["format_version"] = CheckpointJson.FormatVersion,
            ["online_rotations"] = rotations,
            ["producer"] = producer,
            ["s_silu"] = runtime.SmoothsGate,
            ["scan"] = runtime.ScanState is null ? null : new JsonObject
            {
                ["output"] = QuantizationArgsJson.Write(runtime.ScanOutput),
                ["state"] = QuantizationArgsJson.Write(runtime.ScanState),
            },
        };
    }

    private static JsonObject ConfigGroups(IEnumerable<ModuleGroup> groups)
    {
        var json = new JsonObject();
        foreach (ModuleGroup group in groups)
        {
            json[group.Name] = new JsonObject
            {
                ["format"] = group.Format,
                ["input_activations"] = QuantizationArgsJson.Write(group.Scheme.Input),
                ["output_activations"] = null,
                ["targets"] = new JsonArray([.. group.Targets.Select(target => JsonValue.Create(target))]),
                ["weights"] = QuantizationArgsJson.Write(group.Scheme.Weights),
            };
        }

        return json;
    }

    /// <summary>One group a module, over all layers where they agree; else one for every scheme that occurs, its layers by name.</summary>
    private static List<ModuleGroup> Groups(MambaConfig config, QuantizedModelLayout layout)
    {
        ModelFamily family = MambaFamily.For(config);
        var groups = new List<ModuleGroup>();
        foreach (ModuleDefinition module in family.LayerModules)
        {
            var schemes = layout.Layers.Select((layer, index) => (Index: index, Scheme: layer[module.Name]))
                .GroupBy(pair => pair.Scheme).ToList();
            for (int i = 0; i < schemes.Count; i++)
            {
                if (schemes[i].Key is { Weights: null, Input: null })
                {
                    continue;
                }

                string[] targets = schemes.Count == 1
                    ? [$"re:.*{Regex.Escape("." + QuantizedTensorNames.Module(module.Weight))}$"]
                    : [.. schemes[i].Select(pair => QuantizedTensorNames.Module(pair.Index, module))];
                string name = schemes.Count == 1 ? module.Name : $"{module.Name}_{i}";
                groups.Add(new ModuleGroup(name, module.Kind, schemes[i].Key, [.. targets]));
            }
        }

        AddEnd(groups, family.Embeddings, new ModuleScheme(layout.Ends.Embeddings, null));
        AddEnd(groups, family.Head, layout.Ends.Head);
        return groups;
    }

    private static void AddEnd(List<ModuleGroup> groups, ModuleDefinition module, ModuleScheme scheme)
    {
        if (scheme is not { Weights: null, Input: null })
        {
            groups.Add(new ModuleGroup(module.Name, module.Kind, scheme, [QuantizedTensorNames.Module(module.Weight)]));
        }
    }

    /// <summary>Linear modules of which nothing is quantized.</summary>
    private static IEnumerable<string> Ignored(MambaConfig config, QuantizedModelLayout layout)
    {
        ModelFamily family = MambaFamily.For(config);
        for (int layer = 0; layer < layout.Layers.Length; layer++)
        {
            foreach (ModuleDefinition module in family.LayerModules.Where(module => module.Kind == ModuleKind.Linear))
            {
                if (layout.Layers[layer][module.Name] is { Weights: null, Input: null })
                {
                    yield return QuantizedTensorNames.Module(layer, module);
                }
            }
        }

        if (layout.Ends.Head is { Weights: null, Input: null })
        {
            yield return QuantizedTensorNames.Module(family.Head.Weight);
        }
    }

    private sealed record ModuleGroup(string Name, ModuleKind Kind, ModuleScheme Scheme, ImmutableArray<string> Targets)
    {
        /// <summary>How the group's weights are stored.</summary>
        public string Format => QuantizedFormats.Of(Scheme.Weights);
    }
}
