using MambaQuant.Testing;
using Xunit;

namespace MambaQuant.Quant.Tests.Smoothing;

/// <summary>A test of one layer on a backend whose memory is hidden; at its end nothing may be left there.</summary>
public abstract class LayerTests : IDisposable
{
    private protected LayerTests()
    {
        Layer = new LayerCase(Kernels);
    }

    private protected OpaqueKernels Kernels { get; } = new();

    private protected LayerCase Layer { get; }

    public void Dispose()
    {
        Layer.Dispose();
        Assert.Empty(Kernels.LiveTensors);
        Kernels.Dispose();
        GC.SuppressFinalize(this);
    }
}
