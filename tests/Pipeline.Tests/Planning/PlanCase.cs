using System.Collections.Immutable;
using MambaQuant.Pipeline.Planning;
using MambaQuant.Pipeline.Tests.Local;
using MambaQuant.Quant.Models;
using MambaQuant.Quant.Recipes;
using MambaQuant.Quant.Tensors;

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

    /// <summary>The same with another byte in one file, in every tensor of it.</summary>
    public static PlanRequest WithFile(this PlanRequest request, string file) => request with
    {
        Model = request.Model with
        {
            Files = request.Model.Files.SetItem(file, Hash('f')),
            Tensors = request.Model.Tensors.SetItems(request.Model.Tensors.Keys.Where(tensor => FileOf(tensor) == file)
                .Select(tensor => KeyValuePair.Create(tensor, new TensorIdentity(DType.F32, Hash('f'))))),
        },
    };

    /// <summary>The same as plans of format 1 have it: no tensor is hashed, and it is known in which file each lies.</summary>
    public static PlanRequest OfFormatOne(this PlanRequest request) => request with
    {
        Model = request.Model with
        {
            Tensors = ImmutableSortedDictionary<string, TensorIdentity>.Empty,
            TensorFiles = request.Model.Tensors.Keys.ToImmutableSortedDictionary(tensor => tensor, FileOf),
        },
    };

    private static string FileOf(string tensor) => Enumerable.Range(0, _config.LayerCount)
        .Where(layer => MambaTensors.LayerNames.Any(name => MambaTensors.InLayer(layer, name) == tensor))
        .Select(layer => $"layer-{layer}.safetensors").FirstOrDefault("ends.safetensors");

    private static ModelIdentity Model()
    {
        IEnumerable<string> tensors = Enumerable.Range(0, _config.LayerCount)
            .SelectMany(layer => MambaTensors.LayerNames.Select(name => MambaTensors.InLayer(layer, name)))
            .Concat([MambaTensors.Embeddings, MambaTensors.FinalNorm]);
        var files = new Dictionary<string, string> { ["config.json"] = Hash('c'), ["ends.safetensors"] = Hash('e') };
        for (int layer = 0; layer < _config.LayerCount; layer++)
        {
            files.Add($"layer-{layer}.safetensors", Hash((char)('0' + layer)));
        }

        return new ModelIdentity
        {
            Name = "made up",
            Config = _config,
            Files = files.ToImmutableSortedDictionary(),
            Tensors = tensors.ToImmutableSortedDictionary(tensor => tensor, tensor => new TensorIdentity(DType.F32, files[FileOf(tensor)])),
            TensorBytes = 1000,
        };
    }
}
