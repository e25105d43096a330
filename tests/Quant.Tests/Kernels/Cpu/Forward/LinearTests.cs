using MambaQuant.Quant.Tensors;
using Xunit;

namespace MambaQuant.Quant.Tests.Kernels.Cpu.Forward;

[Trait("Category", "Kernels")]
public sealed class LinearTests
{
    [Theory]
    [InlineData(0, 5, 7)]
    [InlineData(1, 1, 1)]
    [InlineData(1, 16, 512)]
    [InlineData(2, 3, 31)]
    [InlineData(5, 17, 32)]
    [InlineData(6, 255, 33)]
    [InlineData(7, 256, 48)]
    [InlineData(13, 257, 65)]
    [InlineData(300, 40, 100)]
    [InlineData(259, 600, 37)]
    [InlineData(3, 0, 20)]
    public void Linear_MatchesTheReference(int rows, int inputs, int outputs)
    {
        using var fixture = new KernelFixture();
        float[] x = fixture.RandomValues(1, rows, inputs);
        float[] weight = fixture.RandomValues(1, outputs, inputs);
        float[] bias = fixture.RandomValues(1, outputs);
        using Tensor y = fixture.Kernels.Linear(fixture.Make(x, rows, inputs), fixture.Make(weight, outputs, inputs), fixture.Make(bias, outputs));

        var expected = new double[rows * outputs];
        for (int row = 0; row < rows; row++)
        {
            for (int output = 0; output < outputs; output++)
            {
                double sum = bias[output];
                for (int i = 0; i < inputs; i++)
                {
                    sum += (double)x[(row * inputs) + i] * weight[(output * inputs) + i];
                }

                expected[(row * outputs) + output] = sum;
            }
        }

        Assert.InRange(Difference.Relative(fixture.Read(y), expected), 0, 2e-6); // measured: 5.6e-7
    }

    [Fact]
    public void Linear_KeepsTheLeadingDimensions()
    {
        using var fixture = new KernelFixture();
        using Tensor y = fixture.Kernels.Linear(fixture.Random(1, 2, 3, 8), fixture.Random(1, 5, 8), null);
        Assert.Equal(new Shape(2, 3, 5), y.Shape);
    }

    [Theory]
    [InlineData(256, 1024)]
    [InlineData(700, 45)]
    public void Row_DoesNotDependOnTheOtherRows(int inputs, int outputs)
    {
        using var fixture = new KernelFixture();
        const int Rows = 521;
        using Tensor x = fixture.Random(1, Rows, inputs);
        using Tensor weight = fixture.Random(1, outputs, inputs);
        using Tensor bias = fixture.Random(1, outputs);
        using Tensor together = fixture.Kernels.Linear(x, weight, bias);
        float[] expected = fixture.Read(together);
        foreach ((int first, int count) in new[] { (0, 1), (5, 1), (100, 2), (257, 7), (259, 1), (515, 6), (520, 1) })
        {
            using Tensor rows = fixture.Kernels.Rows(x, first, count);
            using Tensor apart = fixture.Kernels.Linear(rows, weight, bias);
            Difference.AssertSameBits(expected.AsSpan(first * outputs, count * outputs), fixture.Read(apart));
        }
    }

    [Fact]
    public void Result_DoesNotDependOnTheThreads()
    {
        using var one = new KernelFixture(threads: 1);
        using var three = new KernelFixture(threads: 3);
        using Tensor first = one.Kernels.Linear(one.Random(1, 530, 300), one.Random(1, 129, 300), null);
        using Tensor second = three.Kernels.Linear(three.Random(1, 530, 300), three.Random(1, 129, 300), null);
        Difference.AssertSameBits(one.Read(first), three.Read(second));
    }

    [Fact]
    public void NonFinite_StaysInItsRow()
    {
        using var fixture = new KernelFixture();
        float[] x = fixture.RandomValues(1, 8, 20);
        x[(3 * 20) + 19] = float.NaN;
        x[(5 * 20) + 1] = float.PositiveInfinity;
        using Tensor y = fixture.Kernels.Linear(fixture.Make(x, 8, 20), fixture.Random(1, 33, 20), null);
        float[] values = fixture.Read(y);
        for (int i = 0; i < values.Length; i++)
        {
            int row = i / 33;
            Assert.Equal(row is not (3 or 5), float.IsFinite(values[i]));
            Assert.True(row != 3 || float.IsNaN(values[i]));
        }
    }

    [Fact]
    public void WrongShape_IsRefused()
    {
        using var fixture = new KernelFixture();
        using Tensor x = fixture.Random(1, 2, 8);
        using Tensor weight = fixture.Random(1, 5, 9);
        ArgumentException error = Assert.Throws<ArgumentException>(() => fixture.Kernels.Linear(x, weight, null));
        Assert.Contains("[..., 9]", error.Message, StringComparison.Ordinal);
    }
}
