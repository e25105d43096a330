using System.Collections.Immutable;
using MambaQuant.Quant.Models;

namespace MambaQuant.Pipeline.Planning;

/// <summary>Dimensions of published Mamba-1 models by name, so that a job can be planned and simulated without any weights.</summary>
/// <remarks>The first five are those of state-spaces/mamba-*-hf; "mamba-7b" has the width, depth and vocabulary of the largest published model of the kind.</remarks>
public static class ModelShapes
{
    private const int States = 16, Taps = 4, RankDivisor = 16, Expansion = 2;

    /// <summary>The names, from the smallest model to the largest.</summary>
    public static ImmutableArray<string> Names { get; } = ["mamba-130m", "mamba-370m", "mamba-790m", "mamba-1.4b", "mamba-2.8b", "mamba-7b"];

    /// <summary>The dimensions of a name.</summary>
    /// <param name="name">One of <see cref="Names"/>.</param>
    /// <returns>Null where the name is not known.</returns>
    public static MambaConfig? Find(string name) => name switch
    {
        "mamba-130m" => Of(768, 24, 50_280),
        "mamba-370m" => Of(1024, 48, 50_280),
        "mamba-790m" => Of(1536, 48, 50_280),
        "mamba-1.4b" => Of(2048, 48, 50_280),
        "mamba-2.8b" => Of(2560, 64, 50_280),
        "mamba-7b" => Of(4096, 64, 65_024),
        _ => null,
    };

    private static MambaConfig Of(int width, int layers, int vocabulary) => new()
    {
        VocabularySize = vocabulary,
        DModel = width,
        DInner = Expansion * width,
        DState = States,
        DConv = Taps,
        DtRank = (width + RankDivisor - 1) / RankDivisor,
        LayerCount = layers,
        NormEpsilon = 1e-5f,
        UseBias = false,
        UseConvBias = true,
        TieEmbeddings = true,
        EndOfTextToken = 0,
        BeginOfTextToken = 0,
    };
}
