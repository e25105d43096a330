using System.Numerics.Tensors;
using BenchmarkDotNet.Attributes;
using MambaQuant.Quant.Kernels;
using Tensor = MambaQuant.Quant.Tensors.Tensor;

namespace MambaQuant.Quant.Benchmarks.Kernels.Cpu.Forward;

/// <summary>The selective scan of one layer: a prefill of 512 tokens, and one token of 8 sequences.</summary>
public class SelectiveScanBenchmarks : KernelBenchmark
{
    private ScanInputs _prefill;
    private ScanInputs _token;
    private Tensor? _prefillState;
    private Tensor? _tokenState;

    public override void Setup()
    {
        _prefill = Inputs(1, 512);
        _token = Inputs(8, 1);
        _prefillState = Values(1, Model.DInner, ModelSize.DState);
        _tokenState = Values(8, Model.DInner, ModelSize.DState);
    }

    [Benchmark]
    public void Prefill() => Kernels.SelectiveScan(_prefill, _prefillState!, null, null).Dispose();

    [Benchmark]
    public void OneToken() => Kernels.SelectiveScan(_token, _tokenState!, null, null).Dispose();

    private ScanInputs Inputs(int batch, int tokens)
    {
        int channels = Model.DInner;
        Tensor delta = Values(batch, tokens, channels), decay = Values(channels, ModelSize.DState);
        Kernels.Softplus(delta);
        Kernels.Softplus(decay);
        var rates = new float[decay.Shape.ElementCount];
        Kernels.Download(decay, rates.AsSpan());
        TensorPrimitives.Negate(rates, rates);
        return new ScanInputs(
            Values(batch, tokens, channels), delta, Keep(Kernels.Upload<float>(rates, decay.Shape)),
            Values(batch, tokens, ModelSize.DState), Values(batch, tokens, ModelSize.DState), Values(channels));
    }
}
