using System.Collections.Immutable;

namespace MambaQuant.Quant.Models;

/// <summary>The published Mamba-1 models, smallest first.</summary>
/// <remarks>Source: the config.json of state-spaces/mamba-*-hf and of tiiuae/falcon-mamba-7b.</remarks>
public static class PublishedModels
{
    /// <summary>The beginning of every name.</summary>
    public const string NamePrefix = "mamba-";

    /// <summary>All of them.</summary>
    public static ImmutableArray<PublishedModel> All { get; } =
    [
        new("mamba-130m", Config(768, 24), string.Empty),
        new("mamba-370m", Config(1024, 48), string.Empty),
        new("mamba-790m", Config(1536, 48), string.Empty),
        new("mamba-1.4b", Config(2048, 48), string.Empty),
        new("mamba-2.8b", Config(2560, 64), string.Empty),
        new(
            "mamba-7b",
            Config(4096, 64) with { VocabularySize = 65_024, TieEmbeddings = false },
            "a shape only: the dimensions of FalconMamba-7b as a plain Mamba-1, without that model's norms of dt, B and C"),
    ];

    /// <summary>A model by its name.</summary>
    /// <param name="name">The name, such as "mamba-2.8b", or its size, "2.8b", in any case.</param>
    /// <returns>Null where there is none of that name.</returns>
    public static PublishedModel? Find(string name) => All.FirstOrDefault(model =>
        model.Name.Equals(name, StringComparison.OrdinalIgnoreCase) || model.Size.Equals(name, StringComparison.OrdinalIgnoreCase));

    private static MambaConfig Config(int width, int layers) => new()
    {
        VocabularySize = 50_280,
        DModel = width,
        DInner = 2 * width,
        DState = 16,
        DConv = 4,
        DtRank = (width + 15) / 16,
        LayerCount = layers,
        NormEpsilon = 1e-5f,
        UseBias = false,
        UseConvBias = true,
        TieEmbeddings = true,
        EndOfTextToken = 0,
        BeginOfTextToken = 0,
    };
}
