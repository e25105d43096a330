using MambaQuant.Quant.Kernels;
using MambaQuant.Quant.Tensors;

namespace MambaQuant.Quant.Models;

/// <summary>What a block carries from token to token, for B sequences; zero at the start of a text.</summary>
public sealed class BlockState : IDisposable
{
    private BlockState(Tensor convolutionWindow, Tensor hidden)
    {
        ConvolutionWindow = convolutionWindow;
        Hidden = hidden;
    }

    /// <summary>The last K−1 inputs of the convolution, [B, K−1, E] F32.</summary>
    public Tensor ConvolutionWindow { get; }

    /// <summary>The recurrent state h, [B, E, N] F32; scaled where the scan is smoothed, never rotated.</summary>
    public Tensor Hidden { get; }

    /// <summary>The state before the first token.</summary>
    /// <param name="kernels">The backend.</param>
    /// <param name="config">The model's dimensions.</param>
    /// <param name="batch">B.</param>
    public static BlockState Zero(IKernels kernels, MambaConfig config, int batch)
    {
        ArgumentNullException.ThrowIfNull(kernels);
        ArgumentNullException.ThrowIfNull(config);
        return new BlockState(
            kernels.Allocate(DType.F32, new Shape(batch, config.DConv - 1, config.DInner)),
            kernels.Allocate(DType.F32, new Shape(batch, config.DInner, config.DState)));
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        ConvolutionWindow.Dispose();
        Hidden.Dispose();
    }
}
