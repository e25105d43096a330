using BenchmarkDotNet.Attributes;
using MambaQuant.Quant.Kernels;
using MambaQuant.Quant.Rotations;
using MambaQuant.Quant.Tensors;

namespace MambaQuant.Quant.Benchmarks.Kernels.Cpu.Forward;

/// <summary>The fast transform of the out_proj input over 512 tokens, and the dense product with the same matrix.</summary>
public class WalshHadamardBenchmarks : KernelBenchmark
{
    private const int Tokens = 512;

    private Tensor? _x;
    private Tensor? _dense;
    private HadamardTransform? _transform;

    public override void Setup()
    {
        _x = Values(Tokens, Model.DInner);
        _transform = Keep(HadamardMatrix.Transform(Kernels, Model.DInner));
        float[] matrix = Array.ConvertAll(HadamardMatrix.Dense(Model.DInner), value => (float)value);
        _dense = Keep(Kernels.Upload<float>(matrix, new Shape(Model.DInner, Model.DInner)));
    }

    [Benchmark(Baseline = true)]
    public void Fast() => Kernels.WalshHadamard(_x!, _transform!);

    [Benchmark]
    public void Dense() => Kernels.Linear(_x!, _dense!, null).Dispose();
}
