using MambaQuant.Quant.Checkpoints;
using MambaQuant.Quant.Models;

namespace MambaQuant.Quant.Inference;

/// <summary>A language model in memory, and what it is.</summary>
public sealed class LoadedModel : IDisposable
{
    /// <summary>The model; owned.</summary>
    public required MambaLanguageModel Model { get; init; }

    /// <summary>What its folder holds.</summary>
    public required ModelFormat Format { get; init; }

    /// <summary>What kind of arithmetic it runs on.</summary>
    public required ComputeKind Compute { get; init; }

    /// <summary>Bytes of its tensors on disk.</summary>
    public required long TensorBytes { get; init; }

    /// <summary>Those of them that every step of a generation reads: all but an embedding table that is not the head as well.</summary>
    public required long StepBytes { get; init; }

    /// <summary>The word for <see cref="Compute"/>: "float", "weight-only", "integer" or "simulated".</summary>
    public string ComputeName => NameOf(Compute);

    /// <summary>The word for a kind of arithmetic: "float", "weight-only", "integer" or "simulated".</summary>
    /// <param name="compute">The kind.</param>
    public static string NameOf(ComputeKind compute) => compute switch
    {
        ComputeKind.Float => "float",
        ComputeKind.WeightOnly => "weight-only",
        ComputeKind.Integer => "integer",
        _ => "simulated",
    };

    /// <inheritdoc/>
    public void Dispose() => Model.Dispose();
}
