using MambaQuant.Quant.Kernels;
using MambaQuant.Quant.Tensors;

namespace MambaQuant.Quant.Models;

/// <summary>What a transform leaves for run time in a block; everything else is folded into the weights.</summary>
/// <remarks>Owned by whoever made it; blocks built from it only refer to it.</remarks>
public sealed record OnlineTransforms : IDisposable
{
    /// <summary>Nothing left: a float model as it was read.</summary>
    public static OnlineTransforms None { get; } = new();

    /// <summary>Rotation of x_proj's input.</summary>
    public HadamardTransform? XProjInput { get; init; }

    /// <summary>Rotation of out_proj's input.</summary>
    public HadamardTransform? OutProjInput { get; init; }

    /// <summary>Rotation of h over the states at read-out.</summary>
    public HadamardTransform? ScanState { get; init; }

    /// <summary>s of S-SiLU, [E] F32.</summary>
    public Tensor? GateSmoothing { get; init; }

    /// <inheritdoc/>
    public void Dispose()
    {
        XProjInput?.Dispose();
        OutProjInput?.Dispose();
        ScanState?.Dispose();
        GateSmoothing?.Dispose();
    }
}
