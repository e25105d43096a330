using MambaQuant.Quant.Kernels;
using Xunit;

namespace MambaQuant.Quant.Tests.Kernels.Cpu.Quantized;

public sealed class CodeGridTests
{
    [Fact]
    public void Symmetric_CoversTheLargestMagnitude()
    {
        Assert.Equal((2f / 127, 0), new CodeGrid(8, true).Cover(-2, 1));
        Assert.Equal((3f / 7, 0), new CodeGrid(4, true).Cover(1, 3));
        Assert.Equal((1f, 0), new CodeGrid(2, true).Cover(-1, 1));
        Assert.Equal((1f, 0), new CodeGrid(8, true).Cover(0, 0));
    }

    [Fact]
    public void Asymmetric_IncludesZero_AndRoundsTheZeroPointToEven()
    {
        Assert.Equal((1f, -128), new CodeGrid(8, false).Cover(10, 255));
        Assert.Equal((1f, 127), new CodeGrid(8, false).Cover(-255, -10));
        Assert.Equal((1f, -8 + 5), new CodeGrid(4, false).Cover(-5, 10));

        // −8 − (−5.5 / 1) = −2.5 and −8 − (−4.5 / 1) = −3.5: ties, both to the even neighbour.
        Assert.Equal((1f, -2), new CodeGrid(4, false).Cover(-5.5, 9.5));
        Assert.Equal((1f, -4), new CodeGrid(4, false).Cover(-4.5, 10.5));
        Assert.Equal((1f, -8), new CodeGrid(4, false).Cover(0, 0));
    }

    [Fact]
    public void Scales_StayFiniteAndPositive()
    {
        foreach (bool symmetric in new[] { true, false })
        {
            var grid = new CodeGrid(8, symmetric);
            Assert.True(float.IsFinite(grid.Cover(-float.MaxValue, float.MaxValue).Scale));
            Assert.Equal(1f, grid.Cover(-1e-60, 1e-60).Scale);
        }
    }
}
