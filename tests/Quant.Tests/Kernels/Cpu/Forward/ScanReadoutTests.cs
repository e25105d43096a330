using MambaQuant.Quant.Kernels;
using MambaQuant.Quant.Tensors;
using Xunit;

namespace MambaQuant.Quant.Tests.Kernels.Cpu.Forward;

[Trait("Category", "Kernels")]
public sealed class ScanReadoutTests
{
    private static readonly float[] _baseSigns = [1, 1, 1, 1, -1, 1, 1, 1, -1];

    [Theory]
    [InlineData(16, 1)]
    [InlineData(12, 3)]
    [InlineData(1, 1)]
    public void Rotation_TurnsTheCopyOfHThatMeetsC(int states, int baseOrder)
    {
        using var fixture = new KernelFixture();
        var scan = new ScanCase(fixture, 2, 20, 21, states);
        using HadamardTransform rotation = Rotation(fixture, states, baseOrder);
        using Tensor state = scan.Carried();
        using Tensor y = fixture.Kernels.SelectiveScan(scan.Inputs(), state, new ScanReadout { Rotation = rotation }, null);
        (double[] expected, double[] carried) = scan.Reference((h, row, _) => scan.Plain(Rotated(h, baseOrder), row));
        Assert.InRange(Difference.Relative(fixture.Read(y), expected), 0, 1e-6); // measured: 1.3e-7
        Assert.InRange(Difference.Relative(fixture.Read(state), carried), 0, 1e-6); // measured: 2.5e-7
    }

    [Theory]
    [InlineData(true, true, true)]
    [InlineData(true, false, true)]
    [InlineData(false, true, true)]
    [InlineData(false, false, true)]
    [InlineData(true, true, false)]
    [InlineData(false, false, false)]
    public void QuantizedProduct_FollowsTheFormula(bool dynamicState, bool tokenScales, bool rotated)
    {
        using var fixture = new KernelFixture();
        var scan = new ScanCase(fixture, 2, 15, 19, 16);
        using var readout = new Readout(fixture, scan, 8, dynamicState, tokenScales, rotated);
        using Tensor state = scan.Carried();
        using Tensor y = fixture.Kernels.SelectiveScan(scan.Inputs() with { C = null! }, state, readout.Options, null);

        // The reference rounds h as fp64 computes it; the kernel its fp32 neighbour: a value at a tie may take the other code.
        (double[] expected, _) = scan.Reference((h, row, channel) => readout.Product(rotated ? Rotated(h, 1) : h, row, channel));
        float[] actual = fixture.Read(y);
        int different = expected.Where((value, i) => Math.Abs(actual[i] - value) > 1e-5).Count();
        Assert.InRange(different, 0, 2); // measured: 0
    }

    [Theory]
    [InlineData(8, true, true)]
    [InlineData(8, false, false)]
    [InlineData(4, true, false)]
    [InlineData(2, false, true)]
    public void Simulated_GivesTheBitsOfInteger(int bits, bool dynamicState, bool tokenScales)
    {
        using var fixture = new KernelFixture();
        var scan = new ScanCase(fixture, 3, 40, 50, 16);
        using var readout = new Readout(fixture, scan, bits, dynamicState, tokenScales, rotated: true);
        float[][] results = [.. new[] { QuantizedArithmetic.Integer, QuantizedArithmetic.Simulated }.Select(arithmetic =>
        {
            using Tensor state = scan.Carried();
            using Tensor y = fixture.Kernels.SelectiveScan(scan.Inputs(), state, readout.Options with { Arithmetic = arithmetic }, null);
            return fixture.Read(y);
        })];
        Difference.AssertSameBits(results[0], results[1]);
        Assert.Contains(results[0], value => value != 0);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void TokenByToken_GivesTheBitsOfOneCall(bool dynamicState)
    {
        using var fixture = new KernelFixture(threads: 3);
        var scan = new ScanCase(fixture, 1, 12, 37, 16);
        using var readout = new Readout(fixture, scan, 8, dynamicState, tokenScales: false, rotated: true);
        using Tensor whole = scan.Carried();
        using Tensor y = fixture.Kernels.SelectiveScan(scan.Inputs(), whole, readout.Options, null);
        float[] expected = fixture.Read(y);
        using Tensor carried = scan.Carried();
        for (int token = 0; token < scan.Length; token++)
        {
            using var codes = new ActivationCodes(
                fixture.Kernels.Upload<sbyte>(readout.Codes.AsSpan(token * 16, 16), new Shape(1, 1, 16)), readout.CScale, 0);
            using Tensor step = fixture.Kernels.SelectiveScan(
                scan.Inputs(0, 1, token, 1), carried, readout.Options with { Output = codes }, null);
            Difference.AssertSameBits(expected.AsSpan(token * 37, 37), fixture.Read(step));
        }

        Difference.AssertSameBits(fixture.Read(whole), fixture.Read(carried));
    }

    [Fact]
    public void HalfQuantizedProducts_UseDequantizedValues()
    {
        using var fixture = new KernelFixture();
        var scan = new ScanCase(fixture, 1, 10, 18, 16);
        using var readout = new Readout(fixture, scan, 8, dynamicState: false, tokenScales: true, rotated: false);
        using Tensor first = scan.Carried();
        using Tensor onlyC = fixture.Kernels.SelectiveScan(scan.Inputs(), first, readout.Options with { StateGrid = null }, null);
        (double[] expectedC, _) = scan.Reference((h, row, _) => h.Select((value, n) => value * readout.C(row, n)).Sum());
        Assert.InRange(Difference.Relative(fixture.Read(onlyC), expectedC), 0, 1e-6); // measured: 1.7e-7

        using Tensor second = scan.Carried();
        using Tensor onlyH = fixture.Kernels.SelectiveScan(scan.Inputs(), second, readout.Options with { Output = null }, null);
        (double[] expectedH, _) = scan.Reference((h, row, channel) => scan.Plain(readout.Rounded(h, channel), row));
        float[] actual = fixture.Read(onlyH);
        Assert.InRange(expectedH.Where((value, i) => Math.Abs(actual[i] - value) > 1e-5).Count(), 0, 2); // measured: 0
    }

    [Fact]
    public void AllZeroState_HasScaleOne()
    {
        using var fixture = new KernelFixture();
        var scan = new ScanCase(fixture, 1, 3, 17, 16);
        Array.Clear(scan.State);
        Array.Clear(scan.X);
        using var readout = new Readout(fixture, scan, 8, dynamicState: true, tokenScales: false, rotated: true);
        using Tensor state = scan.Carried();
        using Tensor y = fixture.Kernels.SelectiveScan(scan.Inputs(), state, readout.Options, null);
        Assert.All(fixture.Read(y), value => Assert.Equal(0f, value));
    }

    [Theory]
    [InlineData(float.NaN, true)]
    [InlineData(float.NaN, false)]
    [InlineData(float.PositiveInfinity, true)]
    [InlineData(float.NegativeInfinity, false)]
    public void NonFiniteState_IsNotRepaired(float value, bool dynamicState)
    {
        using var fixture = new KernelFixture();
        var scan = new ScanCase(fixture, 1, 2, 17, 16);
        scan.State[(5 * 16) + 3] = value;
        using var readout = new Readout(fixture, scan, 8, dynamicState, tokenScales: false, rotated: false);
        foreach (ScanReadout options in new[] { readout.Options, readout.Options with { Output = null } })
        {
            using Tensor state = scan.Carried();
            using Tensor y = fixture.Kernels.SelectiveScan(scan.Inputs(), state, options, null);
            float[] values = fixture.Read(y);
            Assert.All(Enumerable.Range(0, 34), i => Assert.Equal(i % 17 != 5, float.IsFinite(values[i])));
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Observation_RecordsWhatMeetsC(bool rotated)
    {
        using var fixture = new KernelFixture(threads: 3);
        var scan = new ScanCase(fixture, 3, 30, 21, 16);
        using HadamardTransform rotation = Rotation(fixture, 16, 1);
        float[] before = [.. fixture.RandomValues(1, 21, 16).Select(MathF.Abs)];
        using Tensor maximum = fixture.Make(before, 21, 16);
        using Tensor counts = fixture.Kernels.Allocate(DType.I64, new Shape(21, HistogramBins.MagnitudeBinCount));
        using Tensor state = scan.Carried();
        using Tensor y = fixture.Kernels.SelectiveScan(
            scan.Inputs(), state, rotated ? new ScanReadout { Rotation = rotation } : null, new ScanObservation(maximum, counts));

        double[] expected = [.. before.Select(value => (double)value)];
        var expectedCounts = new long[21 * HistogramBins.MagnitudeBinCount];
        _ = scan.Reference((h, row, channel) =>
        {
            double[] seen = rotated ? Rotated(h, 1) : h;
            for (int n = 0; n < 16; n++)
            {
                expected[(channel * 16) + n] = Math.Max(expected[(channel * 16) + n], Math.Abs(seen[n]));
                expectedCounts[(channel * HistogramBins.MagnitudeBinCount) + HistogramBins.MagnitudeBin((float)seen[n])]++;
            }

            return scan.Plain(seen, row);
        });
        Assert.InRange(Difference.Relative(fixture.Read(maximum), expected), 0, 1e-6); // measured: 1.1e-7

        // A value beside the edge of a bin may fall into its neighbour.
        long[] actualCounts = fixture.Read<long>(counts);
        Assert.Equal(3 * 30 * 21 * 16, actualCounts.Sum());
        long moved = actualCounts.Zip(expectedCounts, (a, b) => Math.Abs(a - b)).Sum() / 2;
        Assert.InRange(moved, 0, 5); // measured: 0
    }

    [Fact]
    public void Observation_ChangesNoResult()
    {
        using var fixture = new KernelFixture(threads: 3);
        var scan = new ScanCase(fixture, 2, 30, 35, 16);
        using Tensor maximum = fixture.Kernels.Allocate(DType.F32, new Shape(35, 16));
        using Tensor plainState = scan.Carried();
        using Tensor plain = fixture.Kernels.SelectiveScan(scan.Inputs(), plainState, null, null);
        using Tensor observedState = scan.Carried();
        using Tensor observed = fixture.Kernels.SelectiveScan(scan.Inputs(), observedState, null, new ScanObservation(maximum, null));
        Difference.AssertSameBits(fixture.Read(plain), fixture.Read(observed));
        Difference.AssertSameBits(fixture.Read(plainState), fixture.Read(observedState));
    }

    [Fact]
    public void AsymmetricOperands_AreRefused()
    {
        using var fixture = new KernelFixture();
        var scan = new ScanCase(fixture, 1, 2, 4, 16);
        using Tensor state = scan.Carried();
        using Tensor codes = fixture.Kernels.Allocate(DType.I8, new Shape(1, 2, 16));
        foreach (ScanReadout readout in new[]
        {
            new ScanReadout { StateGrid = new CodeGrid(8, Symmetric: false) },
            new ScanReadout { Output = new ActivationCodes(codes, 0.1f, 3) },
        })
        {
            Assert.Throws<ArgumentException>(() => fixture.Kernels.SelectiveScan(scan.Inputs(), state, readout, null));
        }
    }

    private static HadamardTransform Rotation(KernelFixture fixture, int states, int baseOrder) =>
        new(baseOrder == 1 ? null : fixture.Make(_baseSigns, 3, 3), states / baseOrder);

    private static double[] Rotated(double[] h, int baseOrder)
    {
        int power = h.Length / baseOrder;
        return [.. Enumerable.Range(0, h.Length).Select(column => h.Select((value, row) =>
            value / Math.Sqrt(h.Length)
            * (baseOrder == 1 ? 1 : _baseSigns[(row / power * 3) + (column / power)])
            * (int.IsEvenInteger(int.PopCount(row % power & column % power)) ? 1 : -1)).Sum())];
    }

    /// <summary>A quantized read-out with seeded codes and scales, and its formula in fp64.</summary>
    private sealed class Readout : IDisposable
    {
        private readonly int _states;
        private readonly int _largest;
        private readonly float[]? _tokenScales;
        private readonly float[]? _stateScales;
        private readonly ActivationCodes _output;
        private readonly HadamardTransform? _rotation;

        public Readout(KernelFixture fixture, ScanCase scan, int bits, bool dynamicState, bool tokenScales, bool rotated)
        {
            _states = scan.States;
            var grid = new CodeGrid(bits, Symmetric: true);
            _largest = grid.Maximum;
            int tokens = scan.Batch * scan.Length;
            var random = new Random(bits);
            Codes = [.. Enumerable.Range(0, tokens * _states).Select(_ => (sbyte)random.Next(-_largest, _largest + 1))];
            Tensor codes = fixture.Kernels.Upload<sbyte>(Codes, new Shape(scan.Batch, scan.Length, _states));
            _tokenScales = tokenScales ? [.. fixture.RandomValues(0.01, tokens).Select(value => MathF.Abs(value) + 1e-3f)] : null;
            _stateScales = dynamicState ? null : [.. fixture.RandomValues(0.05, scan.Channels).Select(value => MathF.Abs(value) + 1e-3f)];
            _output = _tokenScales is null
                ? new ActivationCodes(codes, CScale, 0)
                : new ActivationCodes(codes, fixture.Make(_tokenScales, tokens), null);
            _rotation = rotated ? Rotation(fixture, _states, 1) : null;
            Options = new ScanReadout
            {
                Rotation = _rotation,
                StateGrid = grid,
                StateScales = _stateScales is null ? null : fixture.Make(_stateScales, scan.Channels),
                Output = _output,
            };
        }

        public float CScale => 0.013f;

        public sbyte[] Codes { get; }

        public ScanReadout Options { get; }

        public double C(int row, int n) => (double)Codes[(row * _states) + n] * (_tokenScales?[row] ?? CScale);

        public double[] Rounded(double[] h, int channel)
        {
            double largest = h.Max(Math.Abs);
            double scale = _stateScales?[channel] ?? (largest == 0 ? 1 : (float)(largest / _largest));
            return [.. h.Select(value => scale * Math.Clamp(Math.Round(value / scale, MidpointRounding.ToEven), -_largest, _largest))];
        }

        public double Product(double[] h, int row, int channel) => Rounded(h, channel).Select((value, n) => value * C(row, n)).Sum();

        public void Dispose()
        {
            _output.Dispose();
            _rotation?.Dispose();
        }
    }
}
