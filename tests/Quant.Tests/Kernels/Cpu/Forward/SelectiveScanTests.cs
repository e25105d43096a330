using MambaQuant.Quant.Tensors;
using Xunit;

namespace MambaQuant.Quant.Tests.Kernels.Cpu.Forward;

[Trait("Category", "Kernels")]
public sealed class SelectiveScanTests
{
    [Theory]
    [InlineData(1, 1, 1, 1)]
    [InlineData(1, 5, 15, 16)]
    [InlineData(2, 33, 16, 16)]
    [InlineData(3, 40, 17, 7)]
    [InlineData(2, 64, 100, 16)]
    [InlineData(1, 9, 20, 130)]
    [InlineData(1, 0, 20, 16)]
    public void Scan_MatchesTheReference(int batch, int length, int channels, int states)
    {
        using var fixture = new KernelFixture();
        var scan = new ScanCase(fixture, batch, length, channels, states);
        using Tensor state = scan.Carried();
        using Tensor y = fixture.Kernels.SelectiveScan(scan.Inputs(), state, null, null);
        (double[] expected, double[] carried) = scan.Reference();
        Assert.InRange(Difference.Relative(fixture.Read(y), expected), 0, 1e-6); // measured: 2.5e-7
        Assert.InRange(Difference.Relative(fixture.Read(state), carried), 0, 1e-6); // measured: 4.2e-7
    }

    [Fact]
    public void TokenByToken_GivesTheBitsOfOneCall()
    {
        using var fixture = new KernelFixture();
        var scan = new ScanCase(fixture, 2, 24, 37, 16);
        using Tensor whole = scan.Carried();
        using Tensor y = fixture.Kernels.SelectiveScan(scan.Inputs(), whole, null, null);
        float[] expected = fixture.Read(y);
        using Tensor carried = scan.Carried();
        for (int token = 0; token < scan.Length; token++)
        {
            using Tensor step = fixture.Kernels.SelectiveScan(scan.Inputs(0, 2, token, 1), carried, null, null);
            float[] actual = fixture.Read(step);
            for (int sequence = 0; sequence < 2; sequence++)
            {
                Difference.AssertSameBits(
                    expected.AsSpan(((sequence * scan.Length) + token) * scan.Channels, scan.Channels),
                    actual.AsSpan(sequence * scan.Channels, scan.Channels));
            }
        }

        Difference.AssertSameBits(fixture.Read(whole), fixture.Read(carried));
    }

    [Fact]
    public void Sequence_DoesNotDependOnTheBatch()
    {
        using var fixture = new KernelFixture();
        var scan = new ScanCase(fixture, 3, 20, 33, 16);
        using Tensor state = scan.Carried();
        using Tensor together = fixture.Kernels.SelectiveScan(scan.Inputs(), state, null, null);
        using Tensor single = scan.Carried(1, 1);
        using Tensor apart = fixture.Kernels.SelectiveScan(scan.Inputs(1, 1, 0, 20), single, null, null);
        Difference.AssertSameBits(fixture.Read(together).AsSpan(20 * 33, 20 * 33), fixture.Read(apart));
        Difference.AssertSameBits(fixture.Read(state).AsSpan(33 * 16, 33 * 16), fixture.Read(single));
    }

    [Fact]
    public void Result_DoesNotDependOnTheThreads()
    {
        float[][] results = [.. new[] { 1, 3 }.Select(threads =>
        {
            using var fixture = new KernelFixture(threads);
            var scan = new ScanCase(fixture, 2, 50, 200, 16);
            using Tensor state = scan.Carried();
            using Tensor y = fixture.Kernels.SelectiveScan(scan.Inputs(), state, null, null);
            return fixture.Read(y);
        })];
        Difference.AssertSameBits(results[0], results[1]);
    }

    [Fact]
    public void NonFinite_StaysInItsChannel()
    {
        using var fixture = new KernelFixture();
        var scan = new ScanCase(fixture, 1, 10, 20, 16);
        scan.X[(4 * 20) + 6] = float.NaN;
        using Tensor state = scan.Carried();
        using Tensor y = fixture.Kernels.SelectiveScan(scan.Inputs(), state, null, null);
        float[] values = fixture.Read(y);
        for (int i = 0; i < values.Length; i++)
        {
            Assert.Equal(i % 20 == 6 && i / 20 >= 4, float.IsNaN(values[i]));
        }
    }

    [Fact]
    public void WrongShape_IsRefused()
    {
        using var fixture = new KernelFixture();
        var scan = new ScanCase(fixture, 1, 4, 8, 16);
        using Tensor state = fixture.Random(1, 1, 8, 15);
        Assert.Throws<ArgumentException>(() => fixture.Kernels.SelectiveScan(scan.Inputs(), state, null, null));
    }
}
