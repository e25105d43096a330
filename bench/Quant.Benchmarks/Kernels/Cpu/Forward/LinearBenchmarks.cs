using BenchmarkDotNet.Attributes;
using MambaQuant.Quant.Kernels;
using MambaQuant.Quant.Tensors;

namespace MambaQuant.Quant.Benchmarks.Kernels.Cpu.Forward;

/// <summary>in_proj over 512 tokens: fp32, int8 × int8, and int4 weights in groups of 128 under fp32 activations.</summary>
public class LinearBenchmarks : KernelBenchmark
{
    private const int Tokens = 512;

    private Tensor? _x;
    private Tensor? _weight;
    private ActivationCodes? _codes;
    private WeightCodes? _perChannel;
    private WeightCodes? _inGroups;

    public override void Setup()
    {
        int inputs = Model.DModel, outputs = 2 * Model.DInner;
        _x = Values(Tokens, inputs);
        _weight = Values(outputs, inputs);
        _codes = Keep(Kernels.QuantizeActivation(_x, new CodeGrid(8, Symmetric: true), 1 / 127f, 0));
        _perChannel = Keep(Codes(_weight, 8, inputs));
        _inGroups = Keep(Codes(_weight, 4, 128));
    }

    [Benchmark(Baseline = true)]
    public void Float() => Kernels.Linear(_x!, _weight!, null).Dispose();

    [Benchmark]
    public void Int8() => Kernels.QuantizedLinear(_codes!, _perChannel!, null, QuantizedArithmetic.Integer).Dispose();

    [Benchmark]
    public void Int4InGroupsTimesInt8() => Kernels.QuantizedLinear(_codes!, _inGroups!, null, QuantizedArithmetic.Integer).Dispose();

    [Benchmark]
    public void Int4WeightsOnly() => Kernels.WeightOnlyLinear(_x!, _inGroups!, null).Dispose();

    private WeightCodes Codes(Tensor weight, int bits, int groupSize)
    {
        CodeGrid grid = new CodeGrid(bits, Symmetric: true);
        (Tensor scales, Tensor? zeroPoints) = Kernels.FitWeightScales(weight, grid, groupSize, new WeightRange(RangeEstimator.MinMax, Percentile: 1));
        return Kernels.QuantizeWeight(weight, grid, groupSize, scales, zeroPoints);
    }
}
