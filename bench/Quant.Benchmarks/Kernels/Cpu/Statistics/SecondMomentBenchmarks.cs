using BenchmarkDotNet.Attributes;
using MambaQuant.Quant.Tensors;

namespace MambaQuant.Quant.Benchmarks.Kernels.Cpu.Statistics;

/// <summary>The second moment of 2048 tokens: of the residual stream, and of the out_proj input.</summary>
public class SecondMomentBenchmarks : KernelBenchmark
{
    private const int Tokens = 2048;

    private Tensor? _stream;
    private Tensor? _inner;
    private Tensor? _streamSum;
    private Tensor? _streamOuter;
    private Tensor? _innerSum;
    private Tensor? _innerOuter;

    public override void Setup()
    {
        _stream = Values(Tokens, Model.DModel);
        _inner = Values(Tokens, Model.DInner);
        (_streamSum, _streamOuter) = Moment(Model.DModel);
        (_innerSum, _innerOuter) = Moment(Model.DInner);
    }

    [Benchmark]
    public void ResidualStream() => Kernels.AccumulateSecondMoment(_stream!, _streamSum!, _streamOuter!);

    [Benchmark]
    public void OutProjInput() => Kernels.AccumulateSecondMoment(_inner!, _innerSum!, _innerOuter!);

    private (Tensor Sum, Tensor Outer) Moment(int channels) => (
        Keep(Kernels.Allocate(DType.F64, new Shape(channels))), Keep(Kernels.Allocate(DType.F64, new Shape(channels, channels))));
}
