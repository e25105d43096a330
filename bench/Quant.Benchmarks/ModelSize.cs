using MambaQuant.Quant.Models;

namespace MambaQuant.Quant.Benchmarks;

/// <summary>The widths of a published Mamba-1 model.</summary>
/// <param name="Name">Its name.</param>
/// <param name="DModel">Width of the residual stream.</param>
/// <param name="DtRank">Width of the time-step path.</param>
public sealed record ModelSize(string Name, int DModel, int DtRank)
{
    /// <summary>States per channel.</summary>
    public const int DState = 16;

    /// <summary>The smallest, a middle and the largest published model.</summary>
    public static IEnumerable<ModelSize> Published { get; } =
    [
        .. new[] { "130m", "370m", "2.8b" }.Select(size => PublishedModels.Find(size)!).Select(model => new ModelSize(model.Size, model.Config.DModel, model.Config.DtRank)),
    ];

    /// <summary>Width of the block.</summary>
    public int DInner => 2 * DModel;

    /// <inheritdoc/>
    public override string ToString() => Name;
}
