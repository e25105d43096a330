using MambaQuant.Quant.Checkpoints;
using MambaQuant.Quant.Models;
using MambaQuant.Quant.Quantization;
using MambaQuant.Quant.Safetensors;
using MambaQuant.Quant.Tensors;

namespace MambaQuant.Client.Inspection;

/// <summary>Looks at a model folder without loading the model: headers and scales only.</summary>
internal static class ModelInspector
{
    /// <summary>Inspects a folder.</summary>
    /// <param name="folder">A float or a quantized checkpoint.</param>
    /// <exception cref="UnsupportedModelException">The folder holds something else.</exception>
    public static InspectionReport Inspect(string folder)
    {
        if (ModelFormats.Detect(folder) == ModelFormat.Float)
        {
            using MambaCheckpoint checkpoint = MambaCheckpoint.Open(folder);
            return Describe(folder, checkpoint.Config, checkpoint.Tensors, layout: null);
        }

        using QuantizedCheckpoint quantized = QuantizedCheckpoint.Open(folder);
        return Describe(folder, quantized.Config, quantized.Tensors, quantized.Layout);
    }

    private static InspectionReport Describe(string folder, MambaConfig config, CheckpointTensors tensors, QuantizedModelLayout? layout)
    {
        ModelFamily family = MambaFamily.For(config);
        List<ModuleReport> modules = [EmbeddingsOf(family, tensors, layout)];
        for (int layer = 0; layer < config.LayerCount; layer++)
        {
            AddLayer(modules, family, tensors, layout?.Layers[layer], layer);
        }

        modules.Add(new TensorGroup(tensors, [MambaTensors.FinalNorm]).Rest(layer: null, "norm_f"));
        bool isTied = layout?.Ends.HeadIsTied ?? config.TieEmbeddings;
        if (!isTied)
        {
            modules.Add(HeadOf(family, tensors, layout));
        }

        return new InspectionReport
        {
            Model = folder,
            Format = layout is null ? "float" : "quantized",
            Layers = config.LayerCount,
            DModel = config.DModel,
            DInner = config.DInner,
            DState = config.DState,
            DConv = config.DConv,
            DtRank = config.DtRank,
            VocabularySize = config.VocabularySize,
            TiedHead = isTied,
            SizeBytes = modules.Sum(module => module.SizeBytes),
            AtRunTime = layout is null ? [] : AtRunTime(layout),
            Modules = modules,
        };
    }

    private static ModuleReport EmbeddingsOf(ModelFamily family, CheckpointTensors tensors, QuantizedModelLayout? layout)
    {
        string module = QuantizedTensorNames.Module(family.Embeddings.Weight);
        return TensorGroup.OfModule(tensors, module).Module(layer: null, family.Embeddings.Name, module, layout?.Ends.Embeddings, input: null, layout is not null);
    }

    private static ModuleReport HeadOf(ModelFamily family, CheckpointTensors tensors, QuantizedModelLayout? layout)
    {
        string module = QuantizedTensorNames.Module(family.Head.Weight);
        ModuleScheme? scheme = layout?.Ends.Head;
        return TensorGroup.OfModule(tensors, module).Module(layer: null, family.Head.Name, module, scheme?.Weights, scheme?.Input, layout is not null);
    }

    private static void AddLayer(List<ModuleReport> modules, ModelFamily family, CheckpointTensors tensors, QuantizedLayerLayout? layout, int layer)
    {
        string prefix = MambaTensors.InLayer(layer, "");
        HashSet<string> rest = [.. tensors.Names.Where(name => name.StartsWith(prefix, StringComparison.Ordinal))];
        foreach (ModuleDefinition definition in family.LayerModules)
        {
            string module = QuantizedTensorNames.Module(layer, definition);
            TensorGroup group = TensorGroup.OfModule(tensors, module);
            rest.ExceptWith(group.Names);
            ModuleScheme? scheme = layout?[definition.Name];
            modules.Add(group.Module(layer, definition.Name, module, scheme?.Weights, scheme?.Input, layout is not null));
        }

        modules.Add(new TensorGroup(tensors, [.. rest]).Rest(layer, "rest"));
    }

    private static string[] AtRunTime(QuantizedModelLayout layout)
    {
        IEnumerable<string> rotations = layout.Layers
            .SelectMany(layer => layer.OnlineRotations)
            .Distinct()
            .Select(rotation => $"Hadamard {rotation.Value} at {rotation.Key}");
        IEnumerable<string> gate = layout.Layers.Any(layer => layer.SmoothsGate) ? ["S-SiLU"] : [];
        QuantizationArgs? state = layout.Layers[0].ScanState;
        IEnumerable<string> scan = state is null ? [] : [$"h · C in {QuantizationText.Of(state, isWeight: false)} and {QuantizationText.Of(layout.Layers[0].ScanOutput, isWeight: false)}"];
        return [.. rotations, .. gate, .. scan];
    }
}
