using System.Collections.Immutable;
using MambaQuant.Pipeline.Planning;
using MambaQuant.Pipeline.Tests.Local;
using MambaQuant.Quant.Models;
using MambaQuant.Quant.Recipes;

namespace MambaQuant.Pipeline.Tests.Planning;

/// <summary>A request for a model of four layers, one file a layer, that exists by its hashes only.</summary>
internal static class PlanCase
{
    private static readonly MambaConfig _config = TinyModel.Synthetic.Config with { LayerCount = 4 };

    public static PlanRequest Request(Recipe recipe, int? blocks = 2, int? shards = 2, bool isSelf = false) => new()
    {
        Recipe = recipe,
        Model = Model(),
        Calibration = new CalibrationIdentity
        {
            Source = isSelf ? CalibrationIdentity.SelfSource : "text.txt",
            Text = isSelf ? null : Hash('a'),
            Tokenizer = isSelf ? null : Hash('b'),
            Samples = 6,
            SequenceLength = 16,
            SearchSamples = 4,
        },
        Profile = "cpu/any",
        Options = new PlanOptions { Blocks = blocks, Shards = shards },
    };

    public static string Hash(char digit) => new(digit, 64);

    /// <summary>The same with another byte in one file.</summary>
    public static PlanRequest WithFile(this PlanRequest request, string file) => request with
    {
        Model = request.Model with { Files = request.Model.Files.SetItem(file, Hash('f')) },
    };

    private static ModelIdentity Model()
    {
        var files = new Dictionary<string, string> { ["config.json"] = Hash('c'), ["ends.safetensors"] = Hash('e') };
        var tensors = new Dictionary<string, string>
        {
            [MambaTensors.Embeddings] = "ends.safetensors",
            [MambaTensors.FinalNorm] = "ends.safetensors",
        };
        for (int layer = 0; layer < _config.LayerCount; layer++)
        {
            files.Add($"layer-{layer}.safetensors", Hash((char)('0' + layer)));
            foreach (string name in MambaTensors.LayerNames)
            {
                tensors.Add(MambaTensors.InLayer(layer, name), $"layer-{layer}.safetensors");
            }
        }

        return new ModelIdentity
        {
            Name = "made up",
            Config = _config,
            Files = files.ToImmutableSortedDictionary(),
            TensorFiles = tensors.ToImmutableSortedDictionary(),
            TensorBytes = 1000,
        };
    }
}
