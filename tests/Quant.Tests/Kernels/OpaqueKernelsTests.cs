using MambaQuant.Quant.Kernels;
using MambaQuant.Quant.Kernels.Cpu;
using MambaQuant.Quant.Tensors;
using MambaQuant.Testing;
using Xunit;

namespace MambaQuant.Quant.Tests.Kernels;

public sealed class OpaqueKernelsTests : IDisposable
{
    private readonly OpaqueKernels _kernels = new(threads: 1);

    public void Dispose() => _kernels.Dispose();

    [Fact]
    public void Results_AreThoseOfTheHiddenBackend()
    {
        using var plain = new CpuKernels(new CpuKernelsOptions { Threads = 1 });
        Assert.Equal(Compute(plain), Compute(_kernels));
        Assert.Equal(0, _kernels.LiveTensorCount);
    }

    [Fact]
    public void LiveTensors_AreCounted_ViewsAreNot()
    {
        Tensor matrix = _kernels.Allocate(DType.F32, new Shape(4, 3));
        Tensor view = _kernels.Rows(matrix, 1, 2);
        Tensor single = _kernels.Allocate(DType.F64, new Shape(2));
        Assert.Equal(2, _kernels.LiveTensorCount);
        Assert.Equal(["F32 [4, 3]", "F64 [2]"], _kernels.LiveTensors);
        view.Dispose();
        matrix.Dispose();
        matrix.Dispose();
        Assert.Equal(["F64 [2]"], _kernels.LiveTensors);
        single.Dispose();
    }

    [Fact]
    public void ForeignTensors_AreRefused_BothWays()
    {
        using var plain = new CpuKernels(new CpuKernelsOptions { Threads = 1 });
        using var other = new OpaqueKernels(threads: 1);
        using Tensor visible = plain.Allocate(DType.F32, new Shape(2));
        using Tensor opaque = _kernels.Allocate(DType.F32, new Shape(2));
        Assert.Throws<ArgumentException>(() => _kernels.Softplus(visible));
        Assert.Throws<ArgumentException>(() => plain.Softplus(opaque));
        Assert.Throws<ArgumentException>(() => other.Softplus(opaque));
    }

    [Fact]
    public void DisposedTensors_CannotBeRead()
    {
        Tensor tensor = _kernels.Allocate(DType.F32, new Shape(2));
        tensor.Dispose();
        Assert.Throws<ObjectDisposedException>(() => _kernels.Softplus(tensor));
    }

    /// <summary>A little of every role of the seam, structures with tensors inside included.</summary>
    private static float[] Compute(IKernels kernels)
    {
        var random = new Random(3);
        float[] Values(int count) => [.. Enumerable.Range(0, count).Select(_ => random.NextSingle() - 0.5f)];
        using Tensor x = kernels.Upload<float>(Values(5 * 16), new Shape(1, 5, 16));
        using Tensor w = kernels.Upload<float>(Values(12 * 16), new Shape(12, 16));
        var grid = new CodeGrid(8, Symmetric: true);
        (Tensor scales, Tensor? zeroPoints) = kernels.FitWeightScales(w, grid, 8, new WeightRange(RangeEstimator.MeanSquaredError, 1));
        using WeightCodes weights = kernels.QuantizeWeight(w, grid, 8, scales, zeroPoints);
        using ActivationCodes perToken = kernels.QuantizeActivationPerToken(x, new CodeGrid(8, Symmetric: false));
        using ActivationCodes fixedScale = kernels.QuantizeActivation(x, grid, 0.01f, 0);
        using Tensor y = kernels.QuantizedLinear(perToken, weights, null, QuantizedArithmetic.Integer);
        using Tensor z = kernels.QuantizedLinear(fixedScale, weights, null, QuantizedArithmetic.Simulated);
        kernels.Add(y, z);

        using Tensor signs = kernels.Upload<float>([1f, 1, 1, -1], new Shape(2, 2));
        using Tensor delta = kernels.Upload<float>([.. Values(5 * 12).Select(Math.Abs)], new Shape(1, 5, 12));
        using Tensor a = kernels.Upload<float>([.. Values(12 * 4).Select(v => -Math.Abs(v))], new Shape(12, 4));
        using Tensor b = kernels.Upload<float>(Values(5 * 4), new Shape(1, 5, 4));
        using Tensor d = kernels.Upload<float>(Values(12), new Shape(12));
        using Tensor state = kernels.Allocate(DType.F32, new Shape(1, 12, 4));
        using Tensor maximum = kernels.Allocate(DType.F32, new Shape(12, 4));
        using Tensor counts = kernels.Allocate(DType.I64, new Shape(12, HistogramBins.MagnitudeBinCount));
        using ActivationCodes c = kernels.QuantizeActivation(b, grid, 0.02f, 0);
        var transform = new HadamardTransform(signs, 2);
        using Tensor stateScales = kernels.Upload<float>([.. Enumerable.Repeat(0.01f, 12)], new Shape(12));
        var readout = new ScanReadout { Rotation = transform, StateGrid = grid, StateScales = stateScales, Output = c };
        using Tensor scanned = kernels.SelectiveScan(new ScanInputs(y, delta, a, b, b, d), state, readout, new ScanObservation(maximum, counts));

        using Tensor flat = kernels.Reshape(scanned, new Shape(5, 12));
        using Tensor wide = kernels.ToDouble(flat);
        using Tensor moment = kernels.Multiply(wide, wide, transposeA: true, transposeB: false);
        (Tensor values, Tensor vectors) = kernels.SymmetricEigen(moment);
        using Tensor single = kernels.ToSingle(values);
        float[] result = new float[60 + 12 + 48];
        kernels.Download(scanned, result.AsSpan(0, 60));
        kernels.Download(single, result.AsSpan(60, 12));
        kernels.Download(maximum, result.AsSpan(72, 48));
        values.Dispose();
        vectors.Dispose();
        return result;
    }
}
